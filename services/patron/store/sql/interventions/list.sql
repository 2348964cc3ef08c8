-- What operators did, the latest first. $1 how many at most.
SELECT at, who, what, subject, before, after, why FROM intervention ORDER BY id DESC LIMIT $1;

-- Whose event it was. $1 event.
SELECT member FROM seen WHERE event = $1;

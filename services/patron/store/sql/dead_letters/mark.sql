-- What became of a dead letter. $1 id, $2 state.
UPDATE dead_letter SET state = $2, tries = tries + 1 WHERE id = $1;

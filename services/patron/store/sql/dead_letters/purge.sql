-- Forget what is older than it may be kept. $1 before when.
DELETE FROM dead_letter WHERE received_at < $1;

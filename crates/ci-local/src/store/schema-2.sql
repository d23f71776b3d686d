-- A list of the failed jobs among a million others is read, not searched.
CREATE INDEX jobs_ended ON jobs (bucket, state, seq) WHERE state IN ('Success', 'Failed', 'Cancel');

-- Moments are milliseconds since 1970. Words are the service's own.

CREATE TABLE buckets (
    name    TEXT    PRIMARY KEY,
    region  TEXT    NOT NULL,
    open    INTEGER NOT NULL,
    created INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE queues (
    id             TEXT    PRIMARY KEY,
    bucket         TEXT    NOT NULL,
    name           TEXT    NOT NULL,
    category       TEXT    NOT NULL,
    state          TEXT    NOT NULL,
    max_size       INTEGER NOT NULL,
    max_concurrent INTEGER NOT NULL,
    notify         TEXT    NOT NULL,
    created        INTEGER NOT NULL,
    updated        INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX queues_of_bucket ON queues (bucket, created, id);

CREATE TABLE templates (
    seq      INTEGER PRIMARY KEY AUTOINCREMENT,
    id       TEXT    NOT NULL UNIQUE,
    bucket   TEXT    NOT NULL,
    tag      TEXT    NOT NULL,
    name     TEXT    NOT NULL,
    category TEXT    NOT NULL,
    cover    TEXT    NOT NULL,
    created  INTEGER NOT NULL,
    updated  INTEGER NOT NULL
);
CREATE INDEX templates_of_bucket ON templates (bucket, seq);

CREATE TABLE jobs (
    seq      INTEGER PRIMARY KEY AUTOINCREMENT,
    id       TEXT    NOT NULL UNIQUE,
    bucket   TEXT    NOT NULL,
    region   TEXT    NOT NULL,
    queue    TEXT    NOT NULL,
    tag      TEXT    NOT NULL,
    level    INTEGER NOT NULL,
    state    TEXT    NOT NULL,
    input    TEXT    NOT NULL,
    spec     TEXT    NOT NULL,
    created  INTEGER NOT NULL,
    started  INTEGER,
    ended    INTEGER,
    runs     INTEGER NOT NULL DEFAULT 0,
    polls    INTEGER NOT NULL DEFAULT 0,
    code     TEXT    NOT NULL DEFAULT 'Success',
    message  TEXT    NOT NULL DEFAULT '',
    covers   TEXT
);
CREATE INDEX jobs_of_bucket ON jobs (bucket, seq);
CREATE INDEX jobs_waiting   ON jobs (queue, level DESC, seq) WHERE state = 'Submitted';
CREATE INDEX jobs_running   ON jobs (seq) WHERE state = 'Running';

CREATE TABLE callbacks (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    job      TEXT    NOT NULL,
    url      TEXT    NOT NULL,
    media    TEXT    NOT NULL,
    body     BLOB    NOT NULL,
    state    TEXT    NOT NULL,
    due      INTEGER NOT NULL,
    created  INTEGER NOT NULL,
    attempts TEXT    NOT NULL DEFAULT '[]'
);
CREATE INDEX callbacks_due    ON callbacks (due, id) WHERE state = 'Waiting';
CREATE INDEX callbacks_of_job ON callbacks (job);

CREATE TABLE messages (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    queue   TEXT    NOT NULL,
    job     TEXT    NOT NULL,
    media   TEXT    NOT NULL,
    body    BLOB    NOT NULL,
    created INTEGER NOT NULL
);
CREATE INDEX messages_of_queue ON messages (queue, id);

CREATE TABLE objects (
    bucket   TEXT    NOT NULL,
    key      TEXT    NOT NULL,
    size     INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    md5      TEXT    NOT NULL,
    crc64    TEXT    NOT NULL,
    headers  TEXT    NOT NULL,
    PRIMARY KEY (bucket, key)
) WITHOUT ROWID;

CREATE TABLE lent (
    bucket TEXT NOT NULL,
    key    TEXT NOT NULL,
    path   TEXT NOT NULL,
    PRIMARY KEY (bucket, key)
) WITHOUT ROWID;

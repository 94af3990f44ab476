-- Times are unix milliseconds. Flags are 0 or 1. Documents are JSON in TEXT.

-- One row. Every write of the registry counts it up first, which also makes such writes wait for each other: numbers
-- become visible in their order.
CREATE TABLE revision (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    value INTEGER NOT NULL
) STRICT;
INSERT INTO revision (one, value) VALUES (1, 0);

-- The revision at which a thing was last written or deleted; hosts ask for what is newer than they know.
CREATE TABLE change (
    kind     TEXT NOT NULL CHECK (kind IN ('worker', 'state', 'token')),
    name     TEXT NOT NULL,
    revision INTEGER NOT NULL,
    PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX change_by_revision ON change (revision);

CREATE TABLE worker (
    key         TEXT PRIMARY KEY CHECK (length(key) BETWEEN 1 AND 64),
    project     TEXT CHECK (length(project) BETWEEN 1 AND 256),
    application TEXT NOT NULL CHECK (length(application) BETWEEN 1 AND 64),
    action      TEXT NOT NULL CHECK (length(action) BETWEEN 1 AND 64),
    description TEXT NOT NULL,
    enabled     INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    debug       INTEGER NOT NULL CHECK (debug IN (0, 1)),
    shared      INTEGER NOT NULL CHECK (shared IN (0, 1)),
    filter      TEXT,
    settings    TEXT NOT NULL,
    version     INTEGER NOT NULL CHECK (version > 0),
    revision    INTEGER NOT NULL,
    created     INTEGER NOT NULL,
    created_by  TEXT NOT NULL,
    changed     INTEGER NOT NULL,
    changed_by  TEXT NOT NULL
) STRICT;

-- Uploaded WebAssembly, compressed; named by the BLAKE3 hash of what it was before.
CREATE TABLE module (
    worker TEXT NOT NULL REFERENCES worker (key) ON DELETE CASCADE,
    hash   TEXT NOT NULL CHECK (length(hash) = 64),
    bytes  BLOB NOT NULL,
    PRIMARY KEY (worker, hash)
) STRICT;

CREATE TABLE version (
    worker      TEXT NOT NULL REFERENCES worker (key) ON DELETE CASCADE,
    number      INTEGER NOT NULL CHECK (number > 0),
    source      TEXT,
    module      TEXT,
    commit_sha  TEXT NOT NULL CHECK (length(commit_sha) <= 128),
    description TEXT NOT NULL CHECK (length(description) <= 256),
    label       TEXT NOT NULL CHECK (length(label) <= 64),
    copy_of     INTEGER,
    created     INTEGER NOT NULL,
    created_by  TEXT NOT NULL,
    PRIMARY KEY (worker, number),
    FOREIGN KEY (worker, module) REFERENCES module (worker, hash),
    CHECK (source IS NOT NULL OR module IS NOT NULL)
) STRICT;
CREATE INDEX version_by_module ON version (worker, module);

CREATE TABLE secret (
    worker  TEXT NOT NULL REFERENCES worker (key) ON DELETE CASCADE,
    name    TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 256),
    sealed  BLOB NOT NULL CHECK (length(sealed) >= 40),
    changed INTEGER NOT NULL,
    PRIMARY KEY (worker, name)
) STRICT;

-- One row: the fingerprint of the key that secrets are sealed with.
CREATE TABLE sealing (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    key TEXT NOT NULL
) STRICT;

CREATE TABLE state (
    worker TEXT PRIMARY KEY REFERENCES worker (key) ON DELETE CASCADE,
    items  TEXT NOT NULL
) STRICT;

-- When a worker runs by itself next. Whoever moves it from one time to the next runs it.
CREATE TABLE schedule (
    worker TEXT PRIMARY KEY REFERENCES worker (key) ON DELETE CASCADE,
    due    INTEGER NOT NULL
) STRICT;

-- The text of a token is nowhere, only its hash, which finds it. The role is a text that means nothing here.
CREATE TABLE token (
    id         TEXT PRIMARY KEY CHECK (length(id) = 16),
    hash       BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
    subject    TEXT NOT NULL CHECK (length(subject) BETWEEN 1 AND 256),
    role       TEXT NOT NULL CHECK (length(role) BETWEEN 1 AND 256),
    created    INTEGER NOT NULL,
    expires    INTEGER,
    revoked    INTEGER,
    created_by TEXT
) STRICT;

-- What is asked for has a column; the rest of an entry is in the document. No reference to the worker: what it did
-- stays known after it is deleted.
CREATE TABLE history (
    id        INTEGER PRIMARY KEY,
    execution TEXT NOT NULL UNIQUE CHECK (length(execution) BETWEEN 1 AND 64),
    worker    TEXT NOT NULL,
    project   TEXT,
    success   INTEGER NOT NULL CHECK (success IN (0, 1)),
    test_run  INTEGER NOT NULL CHECK (test_run IN (0, 1)),
    started   INTEGER NOT NULL,
    entry     TEXT NOT NULL
) STRICT;
CREATE INDEX history_by_start ON history (started, id);
CREATE INDEX history_by_worker ON history (worker, started, id);
CREATE INDEX history_by_project ON history (project, started, id) WHERE project IS NOT NULL;
-- Few, and looked for among many.
CREATE INDEX history_failed ON history (started, id) WHERE success = 0;
CREATE INDEX history_failed_by_worker ON history (worker, started, id) WHERE success = 0;
CREATE INDEX history_tests ON history (started, id) WHERE test_run = 1;

-- Times are unix milliseconds. Flags are 0 or 1. Documents are JSON in TEXT.

-- One row. Every write of the registry counts it up first, which also makes such writes wait for each other: numbers
-- become visible in their order.
CREATE TABLE revision (
    one   BIGINT PRIMARY KEY CHECK (one = 1),
    value BIGINT NOT NULL
);
INSERT INTO revision (one, value) VALUES (1, 0);

-- The revision at which a thing was last written or deleted; hosts ask for what is newer than they know.
CREATE TABLE change (
    kind     TEXT COLLATE "C" NOT NULL CHECK (kind IN ('worker', 'state', 'token')),
    name     TEXT COLLATE "C" NOT NULL,
    revision BIGINT NOT NULL,
    PRIMARY KEY (kind, name)
);
CREATE INDEX change_by_revision ON change (revision);

CREATE TABLE worker (
    key         TEXT COLLATE "C" PRIMARY KEY CHECK (length(key) BETWEEN 1 AND 64),
    project     TEXT COLLATE "C" CHECK (length(project) BETWEEN 1 AND 256),
    application TEXT NOT NULL CHECK (length(application) BETWEEN 1 AND 64),
    action      TEXT NOT NULL CHECK (length(action) BETWEEN 1 AND 64),
    description TEXT NOT NULL,
    enabled     BIGINT NOT NULL CHECK (enabled IN (0, 1)),
    debug       BIGINT NOT NULL CHECK (debug IN (0, 1)),
    shared      BIGINT NOT NULL CHECK (shared IN (0, 1)),
    filter      TEXT,
    settings    TEXT NOT NULL,
    version     BIGINT NOT NULL CHECK (version > 0),
    revision    BIGINT NOT NULL,
    created     BIGINT NOT NULL,
    created_by  TEXT NOT NULL,
    changed     BIGINT NOT NULL,
    changed_by  TEXT NOT NULL
);

-- Uploaded WebAssembly, compressed; named by the BLAKE3 hash of what it was before.
CREATE TABLE module (
    worker TEXT COLLATE "C" NOT NULL REFERENCES worker (key) ON DELETE CASCADE,
    hash   TEXT COLLATE "C" NOT NULL CHECK (length(hash) = 64),
    bytes  BYTEA NOT NULL,
    PRIMARY KEY (worker, hash)
);

CREATE TABLE version (
    worker      TEXT COLLATE "C" NOT NULL REFERENCES worker (key) ON DELETE CASCADE,
    number      BIGINT NOT NULL CHECK (number > 0),
    source      TEXT,
    module      TEXT COLLATE "C",
    commit_sha  TEXT NOT NULL CHECK (length(commit_sha) <= 128),
    description TEXT NOT NULL CHECK (length(description) <= 256),
    label       TEXT NOT NULL CHECK (length(label) <= 64),
    copy_of     BIGINT,
    created     BIGINT NOT NULL,
    created_by  TEXT NOT NULL,
    PRIMARY KEY (worker, number),
    FOREIGN KEY (worker, module) REFERENCES module (worker, hash),
    CHECK (source IS NOT NULL OR module IS NOT NULL)
);
CREATE INDEX version_by_module ON version (worker, module);

CREATE TABLE secret (
    worker  TEXT COLLATE "C" NOT NULL REFERENCES worker (key) ON DELETE CASCADE,
    name    TEXT COLLATE "C" NOT NULL CHECK (length(name) BETWEEN 1 AND 256),
    sealed  BYTEA NOT NULL CHECK (length(sealed) >= 40),
    changed BIGINT NOT NULL,
    PRIMARY KEY (worker, name)
);

-- One row: the fingerprint of the key that secrets are sealed with.
CREATE TABLE sealing (
    one BIGINT PRIMARY KEY CHECK (one = 1),
    key TEXT COLLATE "C" NOT NULL
);

CREATE TABLE state (
    worker TEXT COLLATE "C" PRIMARY KEY REFERENCES worker (key) ON DELETE CASCADE,
    items  TEXT NOT NULL
);

-- When a worker runs by itself next. Whoever moves it from one time to the next runs it.
CREATE TABLE schedule (
    worker TEXT COLLATE "C" PRIMARY KEY REFERENCES worker (key) ON DELETE CASCADE,
    due    BIGINT NOT NULL
);

-- The text of a token is nowhere, only its hash, which finds it. The role is a text that means nothing here.
CREATE TABLE token (
    id         TEXT COLLATE "C" PRIMARY KEY CHECK (length(id) = 16),
    hash       BYTEA NOT NULL UNIQUE CHECK (length(hash) = 32),
    subject    TEXT NOT NULL CHECK (length(subject) BETWEEN 1 AND 256),
    role       TEXT NOT NULL CHECK (length(role) BETWEEN 1 AND 256),
    created    BIGINT NOT NULL,
    expires    BIGINT,
    revoked    BIGINT,
    created_by TEXT
);

-- What is asked for has a column; the rest of an entry is in the document. No reference to the worker: what it did
-- stays known after it is deleted.
CREATE TABLE history (
    id        BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    execution TEXT COLLATE "C" NOT NULL UNIQUE CHECK (length(execution) BETWEEN 1 AND 64),
    worker    TEXT COLLATE "C" NOT NULL,
    project   TEXT COLLATE "C",
    success   BIGINT NOT NULL CHECK (success IN (0, 1)),
    test_run  BIGINT NOT NULL CHECK (test_run IN (0, 1)),
    started   BIGINT NOT NULL,
    entry     TEXT NOT NULL
);
CREATE INDEX history_by_start ON history (started, id);
CREATE INDEX history_by_worker ON history (worker, started, id);
CREATE INDEX history_by_project ON history (project, started, id) WHERE project IS NOT NULL;
-- Few, and looked for among many.
CREATE INDEX history_failed ON history (started, id) WHERE success = 0;
CREATE INDEX history_failed_by_worker ON history (worker, started, id) WHERE success = 0;
CREATE INDEX history_tests ON history (started, id) WHERE test_run = 1;

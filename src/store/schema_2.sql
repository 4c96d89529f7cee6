-- Layout 2: how much of a system a scan looked at, and scans that failed.

-- JSON, see model::Scope; what older versions scanned counts as the whole of a running system.
ALTER TABLE scans ADD COLUMN scope TEXT NOT NULL DEFAULT '{}';

-- The last scan of a system that could not be made, until one succeeds. at: RFC 3339 in UTC.
CREATE TABLE failures (
    technology TEXT NOT NULL,
    name TEXT NOT NULL,
    at TEXT NOT NULL,
    why TEXT NOT NULL,
    PRIMARY KEY (technology, name)
) WITHOUT ROWID;

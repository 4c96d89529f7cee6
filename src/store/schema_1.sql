-- Layout 1 of the store. What each table is for stands in the module documentation.
-- The tables "by hash" are indices that are filled in the order of the hash, which takes half the time of a real index.

CREATE TABLE systems (
    id INTEGER PRIMARY KEY,
    technology TEXT NOT NULL,
    name TEXT NOT NULL,
    UNIQUE (technology, name)
);

CREATE TABLE texts (
    id INTEGER PRIMARY KEY,
    text TEXT NOT NULL
);
CREATE TABLE texts_by_hash (hash INTEGER NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (hash, id)) WITHOUT ROWID;

CREATE TABLE resources (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    scope TEXT,
    name TEXT NOT NULL
);
CREATE TABLE resources_by_hash (hash INTEGER NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (hash, id)) WITHOUT ROWID;

-- evidence: JSON, one array per property: ids of texts [path, actual, expected, source, file], then the line; nulls at the
-- end are left out.
CREATE TABLE details (
    id INTEGER PRIMARY KEY,
    reason INTEGER NOT NULL,
    hint INTEGER,
    omitted INTEGER NOT NULL,
    evidence TEXT NOT NULL
);
CREATE TABLE details_by_hash (hash INTEGER NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (hash, id)) WITHOUT ROWID;

-- Compressed lists: the resources of a scan, the subjects of a check.
CREATE TABLE lists (
    id INTEGER PRIMARY KEY,
    hash INTEGER NOT NULL,
    body BLOB NOT NULL
);
CREATE INDEX lists_by_hash ON lists (hash);

-- gaps, notes, read: JSON. instant: assessed_at in microseconds since 1970.
CREATE TABLE scans (
    id INTEGER PRIMARY KEY,
    system INTEGER NOT NULL,
    scan TEXT NOT NULL,
    assessed_at TEXT NOT NULL,
    instant INTEGER NOT NULL,
    tool_version TEXT NOT NULL,
    version TEXT,
    distribution TEXT,
    origin TEXT NOT NULL,
    resources INTEGER NOT NULL,
    gaps TEXT NOT NULL,
    notes TEXT NOT NULL,
    read TEXT NOT NULL,
    UNIQUE (system, scan)
);
CREATE INDEX scans_by_instant ON scans (system, instant);

-- info: text, the description of the standard as JSON.
CREATE TABLE standard_results (
    scan INTEGER NOT NULL,
    position INTEGER NOT NULL,
    standard TEXT NOT NULL,
    info INTEGER NOT NULL,
    selected INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    waived INTEGER NOT NULL,
    manual INTEGER NOT NULL,
    passed INTEGER NOT NULL,
    not_relevant INTEGER NOT NULL,
    out_of_scope INTEGER NOT NULL,
    without_check INTEGER NOT NULL,
    critical INTEGER NOT NULL,
    high INTEGER NOT NULL,
    medium INTEGER NOT NULL,
    low INTEGER NOT NULL,
    PRIMARY KEY (scan, position)
) WITHOUT ROWID;

-- severity: 0 critical to 3 low. state: 0 failed, 1 manual, 2 passed, 3 not relevant. checks: JSON, positions in check_results.
-- title, metadata (JSON), hint, source: texts.
CREATE TABLE rule_results (
    scan INTEGER NOT NULL,
    standard INTEGER NOT NULL,
    position INTEGER NOT NULL,
    rule TEXT NOT NULL,
    title INTEGER NOT NULL,
    metadata INTEGER NOT NULL,
    severity INTEGER,
    state INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    waived INTEGER NOT NULL,
    manual INTEGER NOT NULL,
    passed INTEGER NOT NULL,
    not_relevant INTEGER NOT NULL,
    checks TEXT NOT NULL,
    hint INTEGER,
    out_of_scope INTEGER NOT NULL,
    partly INTEGER NOT NULL,
    source INTEGER,
    PRIMARY KEY (scan, standard, position)
) WITHOUT ROWID;

-- info, params, customised: texts, JSON. subjects: a list. verdicts: compressed, per subject 0 (see findings) or 1 + the place
-- in palette. palette: JSON, [state, detail, waiver] of everything that is no finding.
CREATE TABLE check_results (
    scan INTEGER NOT NULL,
    position INTEGER NOT NULL,
    check_id TEXT NOT NULL,
    info INTEGER NOT NULL,
    params INTEGER NOT NULL,
    customised INTEGER NOT NULL,
    severity INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    waived INTEGER NOT NULL,
    manual INTEGER NOT NULL,
    passed INTEGER NOT NULL,
    not_relevant INTEGER NOT NULL,
    subjects INTEGER NOT NULL,
    palette TEXT NOT NULL,
    verdicts BLOB NOT NULL,
    PRIMARY KEY (scan, position)
) WITHOUT ROWID;

-- Outcomes that are failed or manual. element, waiver (JSON): texts.
CREATE TABLE findings (
    scan INTEGER NOT NULL,
    check_result INTEGER NOT NULL,
    position INTEGER NOT NULL,
    state INTEGER NOT NULL,
    resource INTEGER NOT NULL,
    element INTEGER,
    detail INTEGER,
    waiver INTEGER,
    PRIMARY KEY (scan, check_result, position)
) WITHOUT ROWID;

-- The same in words, for people and other tools. scan_id joins the views with each other and with latest_scans.

CREATE VIEW latest_scans AS
SELECT scan_id FROM (
    SELECT id AS scan_id, row_number() OVER (PARTITION BY system ORDER BY instant DESC, id DESC) AS age FROM scans
) WHERE age = 1;

CREATE VIEW rule_view AS
SELECT
    scans.id AS scan_id,
    systems.technology,
    systems.name AS system,
    scans.scan,
    scans.assessed_at,
    standard_results.standard,
    json_extract(infos.text, '$.short') AS short,
    json_extract(infos.text, '$.name') AS standard_name,
    json_extract(infos.text, '$.version') AS standard_version,
    standard_results.selected,
    rule_results.rule,
    titles.text AS title,
    CASE rule_results.severity WHEN 0 THEN 'critical' WHEN 1 THEN 'high' WHEN 2 THEN 'medium' WHEN 3 THEN 'low' END AS severity,
    CASE rule_results.state WHEN 0 THEN 'failed' WHEN 1 THEN 'manual' WHEN 2 THEN 'passed' ELSE 'not_relevant' END AS state,
    rule_results.failed,
    rule_results.waived,
    rule_results.manual,
    rule_results.passed,
    rule_results.not_relevant,
    rule_results.out_of_scope,
    rule_results.partly,
    hints.text AS hint,
    rule_results.checks
FROM rule_results
JOIN scans ON scans.id = rule_results.scan
JOIN systems ON systems.id = scans.system
JOIN standard_results ON standard_results.scan = rule_results.scan AND standard_results.position = rule_results.standard
JOIN texts AS infos ON infos.id = standard_results.info
JOIN texts AS titles ON titles.id = rule_results.title
LEFT JOIN texts AS hints ON hints.id = rule_results.hint;

CREATE VIEW finding_view AS
SELECT
    scans.id AS scan_id,
    systems.technology,
    systems.name AS system,
    scans.scan,
    scans.assessed_at,
    findings.check_result,
    check_results.check_id,
    CASE check_results.severity WHEN 0 THEN 'critical' WHEN 1 THEN 'high' WHEN 2 THEN 'medium' ELSE 'low' END AS severity,
    CASE findings.state WHEN 0 THEN 'failed' ELSE 'manual' END AS state,
    resources.kind,
    resources.scope,
    resources.name,
    elements.text AS element,
    reasons.text AS reason,
    findings.detail,
    json_extract(waivers.text, '$.reason') AS waived_because,
    json_extract(waivers.text, '$.owner') AS waived_by,
    json_extract(waivers.text, '$.expires') AS waived_until
FROM findings
JOIN scans ON scans.id = findings.scan
JOIN systems ON systems.id = scans.system
JOIN check_results ON check_results.scan = findings.scan AND check_results.position = findings.check_result
JOIN resources ON resources.id = findings.resource
LEFT JOIN texts AS elements ON elements.id = findings.element
LEFT JOIN details ON details.id = findings.detail
LEFT JOIN texts AS reasons ON reasons.id = details.reason
LEFT JOIN texts AS waivers ON waivers.id = findings.waiver;

-- The deciding properties of a detail; join on finding_view.detail.
CREATE VIEW evidence_view AS
SELECT
    details.id AS detail,
    entry.key AS position,
    (SELECT text FROM texts WHERE id = json_extract(entry.value, '$[0]')) AS path,
    (SELECT text FROM texts WHERE id = json_extract(entry.value, '$[1]')) AS actual,
    (SELECT text FROM texts WHERE id = json_extract(entry.value, '$[2]')) AS expected,
    (SELECT text FROM texts WHERE id = json_extract(entry.value, '$[3]')) AS source,
    (SELECT text FROM texts WHERE id = json_extract(entry.value, '$[4]')) AS file,
    json_extract(entry.value, '$[5]') AS line
FROM details, json_each(details.evidence) AS entry;

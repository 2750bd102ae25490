-- A table for ExOTA's records, for the recipes of Vector and Fluent Bit. NOT RUN HERE. Columns are fields of docs/reference/log.md; a field that a
-- record does not have becomes the column's default, and fields without a column are left out.
CREATE DATABASE IF NOT EXISTS exota;
CREATE TABLE IF NOT EXISTS exota.records
(
    time          DateTime64(3, 'UTC'),
    host          LowCardinality(String),
    level         LowCardinality(String),
    event         LowCardinality(String),
    text          String,
    verdict       LowCardinality(String),
    judged        LowCardinality(String),
    reason        LowCardinality(String),
    mode          LowCardinality(String),
    tenant        LowCardinality(String),
    author_domain String,
    proof         LowCardinality(String),
    missing       LowCardinality(String),
    why           String,
    findings      String,
    queue_id      String,
    client        String,
    mail_from     String,
    recipients    UInt32,
    mail_class    LowCardinality(String),
    judging_us    UInt64
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (event, tenant, time)
TTL toDateTime(time) + INTERVAL 90 DAY;

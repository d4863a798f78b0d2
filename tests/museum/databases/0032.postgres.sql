CREATE SCHEMA app;
CREATE TABLE app.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE app.api_answer (
    token_id text NOT NULL,
    key text NOT NULL,
    asked text NOT NULL,
    status integer,
    body text NOT NULL,
    made_at timestamp with time zone NOT NULL
);
CREATE TABLE app.api_token (
    id text NOT NULL,
    person_id text NOT NULL,
    company_id text NOT NULL,
    name text NOT NULL,
    scope text NOT NULL,
    token_hash text NOT NULL,
    made_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    revoked_at timestamp with time zone
);
CREATE TABLE app.api_use (
    company_id text NOT NULL,
    day date NOT NULL,
    purpose text NOT NULL,
    reads integer NOT NULL,
    writes integer NOT NULL
);
CREATE TABLE app.bank_rule (
    id text NOT NULL,
    company_id text NOT NULL,
    place integer NOT NULL,
    version integer NOT NULL,
    name text NOT NULL,
    mode text NOT NULL,
    enabled boolean NOT NULL,
    valid_from date,
    body json NOT NULL,
    changed_by text NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    removed_at timestamp with time zone
);
CREATE TABLE app.bank_rule_version (
    rule_id text NOT NULL,
    version integer NOT NULL,
    name text NOT NULL,
    mode text NOT NULL,
    enabled boolean NOT NULL,
    valid_from date,
    body json NOT NULL,
    changed_by text NOT NULL,
    changed_at timestamp with time zone NOT NULL
);
CREATE TABLE app.certificate (
    id text NOT NULL,
    company_id text NOT NULL,
    month date NOT NULL,
    version integer NOT NULL,
    made_at timestamp with time zone NOT NULL,
    made_by text NOT NULL,
    clean boolean NOT NULL,
    body text NOT NULL,
    hash text NOT NULL
);
CREATE TABLE app.choice (
    id text NOT NULL,
    connection_id text NOT NULL,
    role text NOT NULL,
    of text NOT NULL,
    valid_from date NOT NULL,
    ledger_kind text NOT NULL,
    ledger_id text NOT NULL,
    ledger_name text NOT NULL,
    origin text NOT NULL,
    chosen_by text NOT NULL,
    chosen_at timestamp with time zone NOT NULL,
    held_as text DEFAULT ''::text NOT NULL
);
CREATE TABLE app.closed_month (
    connection_id text NOT NULL,
    month date NOT NULL,
    answer text NOT NULL,
    answered_by text NOT NULL,
    answered_at timestamp with time zone NOT NULL
);
CREATE TABLE app.company (
    id text NOT NULL,
    realm text NOT NULL,
    environment text NOT NULL,
    name text NOT NULL,
    country text NOT NULL,
    home_currency text NOT NULL,
    taxed boolean NOT NULL,
    books_closed_on date,
    language text NOT NULL,
    state text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    known_until timestamp with time zone,
    changes_seen timestamp with time zone
);
CREATE TABLE app.connection (
    id text NOT NULL,
    company_id text NOT NULL,
    connector text NOT NULL,
    label text NOT NULL,
    source_identity text NOT NULL,
    settings json NOT NULL,
    state text NOT NULL,
    mode text NOT NULL,
    time_zone text NOT NULL,
    starts_on date NOT NULL,
    review_each boolean NOT NULL,
    approved_at timestamp with time zone,
    plugin_version text NOT NULL,
    fault_count integer NOT NULL,
    revision integer NOT NULL,
    set_up_at timestamp with time zone NOT NULL,
    paused_at timestamp with time zone,
    created_by text NOT NULL,
    manage_granted_at timestamp with time zone,
    review_next boolean DEFAULT false NOT NULL,
    closed_policy text DEFAULT 'blocked'::text NOT NULL,
    cut_off text DEFAULT '00:00'::text NOT NULL,
    days_from date,
    earlier_days json DEFAULT '[]'::json NOT NULL,
    plugin_terms text DEFAULT ''::text NOT NULL,
    gates_passed json DEFAULT '{}'::json NOT NULL
);
CREATE TABLE app.connector_switch (
    connector text NOT NULL,
    company_id text NOT NULL,
    enabled boolean NOT NULL,
    changed_by text NOT NULL,
    changed_at timestamp with time zone NOT NULL
);
CREATE TABLE app.draft (
    id bigint NOT NULL,
    connection_id text NOT NULL,
    record_id bigint,
    key text NOT NULL,
    revision integer NOT NULL,
    kind text NOT NULL,
    day date,
    body text NOT NULL,
    body_hash text NOT NULL,
    state text NOT NULL,
    reason text NOT NULL,
    decisions json NOT NULL,
    mapped_by text DEFAULT ''::text NOT NULL,
    mapped_under integer DEFAULT 0 NOT NULL
);
CREATE SEQUENCE app.draft_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE app.draft_id_seq OWNED BY app.draft.id;
CREATE TABLE app.drift (
    id text NOT NULL,
    company_id text NOT NULL,
    connection_id text NOT NULL,
    link_id bigint NOT NULL,
    change text NOT NULL,
    fields json NOT NULL,
    sync_token text NOT NULL,
    found_at timestamp with time zone NOT NULL,
    state text NOT NULL,
    decided_at timestamp with time zone,
    decided_by text NOT NULL
);
CREATE TABLE app.event (
    seq bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    company_id text NOT NULL,
    connection_id text NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    body json NOT NULL,
    previous_hash text NOT NULL,
    hash text NOT NULL
);
CREATE TABLE app.event_head (
    id integer NOT NULL,
    seq bigint NOT NULL,
    hash text NOT NULL
);
CREATE SEQUENCE app.event_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE app.event_seq_seq OWNED BY app.event.seq;
CREATE TABLE app.gap (
    id text NOT NULL,
    connection_id text NOT NULL,
    first_day date,
    last_day date,
    reason text NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    closed_at timestamp with time zone
);
CREATE TABLE app.hold (
    id text NOT NULL,
    connection_id text NOT NULL,
    draft_id bigint NOT NULL,
    code text NOT NULL,
    params json NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    closed_at timestamp with time zone,
    closed_by text NOT NULL,
    answer json
);
CREATE TABLE app.incident (
    id text NOT NULL,
    key text NOT NULL,
    company_id text NOT NULL,
    connection_id text NOT NULL,
    code text NOT NULL,
    step integer NOT NULL,
    grave boolean NOT NULL,
    text_fr text NOT NULL,
    text_en text NOT NULL,
    fix_fr text NOT NULL,
    fix_en text NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    closed_at timestamp with time zone
);
CREATE TABLE app.invitation (
    id text NOT NULL,
    token_hash text NOT NULL,
    email text NOT NULL,
    company_id text NOT NULL,
    role text NOT NULL,
    made_by text NOT NULL,
    made_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    withdrawn_at timestamp with time zone
);
CREATE TABLE app.learned_history (
    company_id text NOT NULL,
    examples integer NOT NULL,
    steps json NOT NULL,
    shown_from integer,
    learned_at timestamp with time zone,
    accepts_from integer,
    accepts_by text NOT NULL,
    accepts_since timestamp with time zone
);
CREATE TABLE app.ledger_entry (
    company_id text NOT NULL,
    kind text NOT NULL,
    object_id text NOT NULL,
    name text NOT NULL,
    name_key text NOT NULL,
    active boolean NOT NULL,
    number text NOT NULL,
    type text NOT NULL,
    subtype text NOT NULL,
    currency text NOT NULL,
    account_id text NOT NULL,
    seen_at timestamp with time zone NOT NULL
);
CREATE TABLE app.link (
    id bigint NOT NULL,
    company_id text NOT NULL,
    connection_id text NOT NULL,
    key text NOT NULL,
    kind text NOT NULL,
    document_id text NOT NULL,
    document_number text NOT NULL,
    sync_token text NOT NULL,
    revision integer NOT NULL,
    marker text NOT NULL,
    payload_hash text NOT NULL,
    stream text NOT NULL,
    day date,
    amount character varying(40),
    currency text NOT NULL,
    money_account text NOT NULL,
    state text NOT NULL,
    origin text NOT NULL,
    linked_at timestamp with time zone NOT NULL,
    record_day date,
    generation integer DEFAULT 0 NOT NULL
);
CREATE SEQUENCE app.link_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE app.link_id_seq OWNED BY app.link.id;
CREATE TABLE app.marked_document (
    company_id text NOT NULL,
    code text NOT NULL,
    revision integer NOT NULL,
    kind text NOT NULL,
    document_id text NOT NULL,
    found_at timestamp with time zone NOT NULL
);
CREATE TABLE app.match (
    id text NOT NULL,
    company_id text NOT NULL,
    connection_id text NOT NULL,
    draft_id bigint NOT NULL,
    kind text NOT NULL,
    document_id text NOT NULL,
    money_account text NOT NULL,
    amount character varying(40) NOT NULL,
    currency text NOT NULL,
    day date NOT NULL,
    matched_at timestamp with time zone NOT NULL
);
CREATE TABLE app.membership (
    person_id text NOT NULL,
    company_id text NOT NULL,
    role text NOT NULL,
    given_by text NOT NULL,
    given_at timestamp with time zone NOT NULL
);
CREATE TABLE app.night (
    company_id text NOT NULL,
    time_zone text NOT NULL,
    minute integer NOT NULL,
    enabled boolean NOT NULL,
    next_at timestamp with time zone NOT NULL,
    last_at timestamp with time zone
);
CREATE TABLE app.notice (
    id text NOT NULL,
    incident_id text NOT NULL,
    news text NOT NULL,
    person_id text NOT NULL,
    language text NOT NULL,
    subject text NOT NULL,
    body text NOT NULL,
    made_at timestamp with time zone NOT NULL,
    try_at timestamp with time zone,
    tries integer NOT NULL,
    sent_at timestamp with time zone,
    trouble text NOT NULL
);
CREATE TABLE app.other_change (
    id bigint NOT NULL,
    company_id text NOT NULL,
    kind text NOT NULL,
    document_id text NOT NULL,
    account_id text NOT NULL,
    number text NOT NULL,
    day_before date,
    amount_before character varying(40),
    day_after date,
    amount_after character varying(40),
    found_at timestamp with time zone NOT NULL
);
CREATE SEQUENCE app.other_change_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE app.other_change_id_seq OWNED BY app.other_change.id;
CREATE TABLE app.other_document (
    company_id text NOT NULL,
    kind text NOT NULL,
    document_id text NOT NULL,
    account_id text NOT NULL,
    number text NOT NULL,
    day date NOT NULL,
    amount character varying(40) NOT NULL
);
CREATE TABLE app.paid_document (
    id text NOT NULL,
    company_id text NOT NULL,
    draft_id bigint NOT NULL,
    kind text NOT NULL,
    document_id text NOT NULL,
    amount character varying(40) NOT NULL,
    said_at timestamp with time zone NOT NULL
);
CREATE TABLE app.person (
    id text NOT NULL,
    email text NOT NULL,
    name text NOT NULL,
    password_hash text NOT NULL,
    identity text,
    disabled_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    created_by text NOT NULL,
    seen_at timestamp with time zone,
    language text
);
CREATE TABLE app.plan (
    id text NOT NULL,
    connection_id text NOT NULL,
    run_id text NOT NULL,
    state text NOT NULL,
    hash text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    approved_at timestamp with time zone,
    approved_by text NOT NULL,
    books_closed_on date,
    figures json DEFAULT '{}'::json NOT NULL
);
CREATE TABLE app.plan_line (
    id bigint NOT NULL,
    plan_id text NOT NULL,
    rank integer NOT NULL,
    action text NOT NULL,
    draft_id bigint,
    key text NOT NULL,
    revision integer NOT NULL,
    kind text NOT NULL,
    day date,
    document_id text NOT NULL,
    payload text NOT NULL,
    payload_hash text NOT NULL,
    needs json NOT NULL,
    reason text NOT NULL,
    params json NOT NULL,
    effect json NOT NULL,
    amount character varying(40),
    currency text NOT NULL,
    money_account text NOT NULL,
    state text NOT NULL,
    mapped_by text DEFAULT ''::text NOT NULL,
    mapped_under integer DEFAULT 0 NOT NULL,
    record_day date,
    answered_by json DEFAULT '[]'::json NOT NULL
);
CREATE SEQUENCE app.plan_line_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE app.plan_line_id_seq OWNED BY app.plan_line.id;
CREATE TABLE app.posting (
    id bigint NOT NULL,
    plan_line_id bigint NOT NULL,
    company_id text NOT NULL,
    connection_id text NOT NULL,
    key text NOT NULL,
    revision integer NOT NULL,
    kind text NOT NULL,
    operation text NOT NULL,
    request_id text NOT NULL,
    marker text NOT NULL,
    body text NOT NULL,
    body_hash text NOT NULL,
    batch_id text NOT NULL,
    state text NOT NULL,
    attempts integer NOT NULL,
    document_id text NOT NULL,
    fault_code text NOT NULL,
    fault_detail text NOT NULL,
    tid text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone,
    quiet_at timestamp with time zone
);
CREATE SEQUENCE app.posting_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE app.posting_id_seq OWNED BY app.posting.id;
CREATE TABLE app.problem (
    id text NOT NULL,
    connection_id text NOT NULL,
    run_id text NOT NULL,
    stream text NOT NULL,
    code text NOT NULL,
    subject text NOT NULL,
    params json NOT NULL,
    state text NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    closed_at timestamp with time zone,
    closed_by text NOT NULL
);
CREATE TABLE app.proof (
    id bigint NOT NULL,
    connection_id text NOT NULL,
    run_id text NOT NULL,
    stream text NOT NULL,
    currency text NOT NULL,
    day date NOT NULL,
    source_total character varying(40) NOT NULL,
    left_out_total character varying(40) NOT NULL,
    posted_total character varying(40) NOT NULL,
    quickbooks_total character varying(40) NOT NULL,
    equal boolean NOT NULL,
    differences json NOT NULL,
    proven_at timestamp with time zone NOT NULL,
    moved_total character varying(40) DEFAULT '0'::character varying NOT NULL,
    moves json DEFAULT '[]'::json NOT NULL,
    told text DEFAULT ''::text NOT NULL
);
CREATE SEQUENCE app.proof_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE app.proof_id_seq OWNED BY app.proof.id;
CREATE TABLE app.proof_month (
    connection_id text NOT NULL,
    month date NOT NULL,
    read_at timestamp with time zone NOT NULL,
    confirmed_at timestamp with time zone NOT NULL,
    unequal integer NOT NULL,
    fingerprint text NOT NULL,
    accounts json NOT NULL,
    touched boolean NOT NULL
);
CREATE TABLE app.pushed_entry (
    connection_id text NOT NULL,
    list_name text NOT NULL,
    kind text NOT NULL,
    object_id text NOT NULL,
    name text NOT NULL,
    source_id text NOT NULL,
    told_hash text NOT NULL,
    active boolean NOT NULL,
    told_at timestamp with time zone NOT NULL
);
CREATE TABLE app.rate_bucket (
    company_id text NOT NULL,
    name text NOT NULL,
    free_at_us bigint NOT NULL
);
CREATE TABLE app.record (
    id bigint NOT NULL,
    connection_id text NOT NULL,
    stream text NOT NULL,
    source_id text NOT NULL,
    revision integer NOT NULL,
    content_hash text NOT NULL,
    day date NOT NULL,
    amount character varying(40),
    currency text,
    raw text NOT NULL,
    state text NOT NULL,
    reason text NOT NULL,
    run_id text NOT NULL,
    fetched_at timestamp with time zone NOT NULL,
    as_of timestamp with time zone
);
CREATE SEQUENCE app.record_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE app.record_id_seq OWNED BY app.record.id;
CREATE TABLE app.repost (
    id text NOT NULL,
    connection_id text NOT NULL,
    first_day date NOT NULL,
    last_day date NOT NULL,
    state text NOT NULL,
    drafts json NOT NULL,
    kept json NOT NULL,
    asked_by text NOT NULL,
    asked_at timestamp with time zone NOT NULL,
    ended_by text NOT NULL,
    ended_at timestamp with time zone
);
CREATE TABLE app.run (
    id text NOT NULL,
    connection_id text NOT NULL,
    company_id text NOT NULL,
    trigger text NOT NULL,
    started_by text NOT NULL,
    state text NOT NULL,
    control text NOT NULL,
    phase text NOT NULL,
    stop_after text NOT NULL,
    epoch integer NOT NULL,
    fence integer NOT NULL,
    restarts integer NOT NULL,
    plan_id text NOT NULL,
    progress json NOT NULL,
    error_code text NOT NULL,
    error_params json NOT NULL,
    slot text,
    created_at timestamp with time zone NOT NULL,
    started_at timestamp with time zone,
    finished_at timestamp with time zone
);
CREATE TABLE app.run_count (
    run_id text NOT NULL,
    stream text NOT NULL,
    fetched integer NOT NULL,
    posted integer NOT NULL,
    unchanged integer NOT NULL,
    skipped integer NOT NULL,
    held integer NOT NULL,
    failed integer NOT NULL
);
CREATE TABLE app.schedule (
    connection_id text NOT NULL,
    cron text NOT NULL,
    time_zone text NOT NULL,
    enabled boolean NOT NULL,
    next_at timestamp with time zone
);
CREATE TABLE app.secret (
    handle text NOT NULL,
    ciphertext bytea NOT NULL,
    updated_at timestamp with time zone NOT NULL
);
CREATE TABLE app.sign_in_failure (
    key text NOT NULL,
    count integer NOT NULL,
    since timestamp with time zone NOT NULL
);
CREATE TABLE app.source_file (
    connection_id text NOT NULL,
    number integer NOT NULL,
    name text NOT NULL,
    size integer NOT NULL,
    sha256 text NOT NULL,
    origin text NOT NULL,
    received_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone
);
CREATE TABLE app.statement (
    company_id text NOT NULL,
    account_id text NOT NULL,
    account_name text NOT NULL,
    through date NOT NULL,
    declared_by text NOT NULL,
    declared_at timestamp with time zone NOT NULL
);
CREATE TABLE app.stream_cursor (
    connection_id text NOT NULL,
    stream text NOT NULL,
    cursor text,
    updated_at timestamp with time zone NOT NULL
);
CREATE TABLE app.term_override (
    connection_id text NOT NULL,
    word text NOT NULL,
    valid_from date NOT NULL,
    ledger text NOT NULL,
    changed_by text NOT NULL,
    changed_at timestamp with time zone NOT NULL
);
CREATE TABLE app.told_outcome (
    connection_id text NOT NULL,
    key text NOT NULL,
    record_id bigint NOT NULL,
    state text NOT NULL,
    document_id text NOT NULL,
    reason text NOT NULL,
    told_at timestamp with time zone NOT NULL
);
CREATE TABLE app.web_session (
    id text NOT NULL,
    person_id text NOT NULL,
    token_hash text NOT NULL,
    agent text NOT NULL,
    address text NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    seen_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone
);
CREATE TABLE app.webhook_delivery (
    id bigint NOT NULL,
    connection_id text NOT NULL,
    message_id text NOT NULL,
    size integer NOT NULL,
    received_at timestamp with time zone NOT NULL,
    run_id text
);
CREATE SEQUENCE app.webhook_delivery_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE app.webhook_delivery_id_seq OWNED BY app.webhook_delivery.id;
CREATE TABLE app.webhook_endpoint (
    connection_id text NOT NULL,
    address text NOT NULL,
    made_at timestamp with time zone NOT NULL,
    made_by text NOT NULL,
    good_at timestamp with time zone,
    refused integer NOT NULL,
    refused_at timestamp with time zone,
    refused_why text NOT NULL
);
CREATE TABLE app.worker (
    executor_id text NOT NULL,
    beat_at timestamp with time zone NOT NULL
);
ALTER TABLE ONLY app.draft ALTER COLUMN id SET DEFAULT nextval('app.draft_id_seq'::regclass);
ALTER TABLE ONLY app.event ALTER COLUMN seq SET DEFAULT nextval('app.event_seq_seq'::regclass);
ALTER TABLE ONLY app.link ALTER COLUMN id SET DEFAULT nextval('app.link_id_seq'::regclass);
ALTER TABLE ONLY app.other_change ALTER COLUMN id SET DEFAULT nextval('app.other_change_id_seq'::regclass);
ALTER TABLE ONLY app.plan_line ALTER COLUMN id SET DEFAULT nextval('app.plan_line_id_seq'::regclass);
ALTER TABLE ONLY app.posting ALTER COLUMN id SET DEFAULT nextval('app.posting_id_seq'::regclass);
ALTER TABLE ONLY app.proof ALTER COLUMN id SET DEFAULT nextval('app.proof_id_seq'::regclass);
ALTER TABLE ONLY app.record ALTER COLUMN id SET DEFAULT nextval('app.record_id_seq'::regclass);
ALTER TABLE ONLY app.webhook_delivery ALTER COLUMN id SET DEFAULT nextval('app.webhook_delivery_id_seq'::regclass);
INSERT INTO app.alembic_version VALUES ('0032');
INSERT INTO app.choice VALUES ('01a2239b50ba75fda5592bb926afa4dd', 'k1', 'income', '', '0001-01-01', 'Account', '79', 'Ventes', 'person', 'zoé', '2025-03-03 12:00:00.123456+00', '');
INSERT INTO app.company VALUES ('c1', '9130000000000001', 'sandbox', 'Boulangerie Été', 'CA', 'CAD', true, NULL, 'fr', 'connected', '2025-03-03 12:00:00.123456+00', NULL, NULL);
INSERT INTO app.connection VALUES ('k1', 'c1', 'chase', 'Marchand', '420000000001', '{"folder":"/srv/chase","input_kind":"folder"}', 'connected', 'first_time', 'America/Toronto', '2025-01-01', false, '2025-03-03 12:00:00.123456+00', '', 0, 1, '2025-03-03 12:00:00.123456+00', NULL, 'zoé', NULL, false, 'blocked', '00:00', NULL, '[]', '', '{}');
INSERT INTO app.draft VALUES (1, 'k1', 1, 'sales/2025-03-02:é', 1, 'SalesReceipt', '2025-03-02', '{}', 'efefefefefefefefefefefefefefefefefefefefefefefefefefefefefefefef', 'posted', '', '{}', '', 0);
INSERT INTO app.event VALUES (1, '2025-03-03 12:00:00.123456+00', 'c1', 'k1', 'zoé', 'connection.created', 'k1', '{}', '0000000000000000000000000000000000000000000000000000000000000000', '0622aaa2c4235d3112a0fb13487c6c773b559a9f157d9f39e7818e00fb35c8f9');
INSERT INTO app.event VALUES (2, '2025-03-03 12:00:00.123456+00', 'c1', 'k1', 'core', 'run.done', 'r1', '{"posted":1,"total":1234.50}', '0622aaa2c4235d3112a0fb13487c6c773b559a9f157d9f39e7818e00fb35c8f9', '3185acb90d7c1640ec503502f35ed68a5e13fd3fbc35f6c6ccf4ed92d6d3e5c5');
INSERT INTO app.event VALUES (3, '2026-11-28 19:21:51.098599+00', 'c1', 'k1', 'raccord', 'links.written', '', '{"links":{"1":["sales/2025-03-02:é","SalesReceipt","145","live","5797d1b2562322d94daaf273da218cf3"]}}', '3185acb90d7c1640ec503502f35ed68a5e13fd3fbc35f6c6ccf4ed92d6d3e5c5', '00fb7a401787c0995f754302f51b8b8927eb39c12167ea6263a28446d3817741');
INSERT INTO app.event_head VALUES (1, 3, '00fb7a401787c0995f754302f51b8b8927eb39c12167ea6263a28446d3817741');
INSERT INTO app.link VALUES (1, 'c1', 'k1', 'sales/2025-03-02:é', 'SalesReceipt', '145', '', '0', 1, 'R-1', 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb', 'sales', '2025-03-02', '1234.50', 'CAD', '', 'live', 'created', '2025-03-03 12:00:00.123456+00', NULL, 0);
INSERT INTO app.plan VALUES ('p1', 'k1', 'r1', 'applied', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', '2025-03-03 12:00:00.123456+00', NULL, '', NULL, '{}');
INSERT INTO app.plan_line VALUES (1, 'p1', 1, 'create', 1, 'sales/2025-03-02:é', 1, 'SalesReceipt', '2025-03-02', '', '{}', '', '[]', '', '{}', '{"79":"-1234.50"}', '1234.50', 'CAD', '', 'done', '', 0, NULL, '[{"about":"income","answer":"79","hook":"resolve_account","name":"Ventes","of":"","plugin":"house-rules","reason":{"en":"At the market.","fr":"Au marché."},"version":"1.0"}]');
INSERT INTO app.posting VALUES (1, 1, 'c1', 'k1', 'sales/2025-03-02:é', 1, 'SalesReceipt', 'create', 'request-1', 'R-1', '{}', 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb', '', 'done', 1, '145', '', '', '', '2025-03-03 12:00:00.123456+00', '2025-03-03 12:00:00.123456+00', NULL);
INSERT INTO app.proof VALUES (1, 'k1', 'r1', 'sales', 'CAD', '2025-03-02', '1234.50', '0.00', '1234.50', '1234.50', true, '[]', '2025-03-03 12:00:00.123456+00', '0', '[]', '');
INSERT INTO app.record VALUES (1, 'k1', 'sales', '2025-03-02:é', 1, 'cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd', '2025-03-02', '1234.50', 'CAD', '{"amount":"1234.50","né":null}', 'mapped', '', 'r1', '2025-03-03 12:00:00.123456+00', NULL);
INSERT INTO app.run VALUES ('r1', 'k1', 'c1', 'person', 'zoé', 'done', 'go', 'done', '', 0, 0, 0, 'p1', '{}', '', '{}', NULL, '2025-03-03 12:00:00.123456+00', '2025-03-03 12:00:00.123456+00', '2025-03-03 12:00:00.123456+00');
INSERT INTO app.run_count VALUES ('r1', 'sales', 1, 1, 0, 0, 0, 0);
INSERT INTO app.secret VALUES ('company:c1:tokens', '\x674141414141427243796e50737355304657754b5578594d473366776357676d7967504264735a4741444377486d516561434f3643634f76357a564b4f4b70504f4378796b456a7a704d2d57385867494e4c524f5a52446364365161456438486c706d4952764552557054314b6d6d65394f4533457a4c337564433830524f6c483639626438492d51693174304633796d7731492d3832434a584b347a45657475413d3d', '2025-03-03 12:00:00.123456+00');
INSERT INTO app.secret VALUES ('connection:k1:settings', '\x674141414141427243796e504177386a6d4c614d2d49596f4a576146786c612d752d6e75495445514b3272396f45375739764147786d306f52416b5446484141544d4f6762644b4e325832675f433371677943413244744d31535f6558747848662d77746756313165324247742d51713838576c4149666e513569475372694b4d795f716371344a47705a4e58486e3777455577593544784c65446b5f75516371773d3d', '2025-03-03 12:00:00.123456+00');
INSERT INTO app.source_file VALUES ('k1', 1, 'relevé.dfr', 3, 'abababababababababababababababababababababababababababababababab', 'upload', '2025-03-03 12:00:00.123456+00', NULL);
INSERT INTO app.stream_cursor VALUES ('k1', 'sales', '1:3', '2025-03-03 12:00:00.123456+00');
SELECT pg_catalog.setval('app.draft_id_seq', 1, true);
SELECT pg_catalog.setval('app.event_seq_seq', 1, false);
SELECT pg_catalog.setval('app.link_id_seq', 1, true);
SELECT pg_catalog.setval('app.other_change_id_seq', 1, false);
SELECT pg_catalog.setval('app.plan_line_id_seq', 1, true);
SELECT pg_catalog.setval('app.posting_id_seq', 1, true);
SELECT pg_catalog.setval('app.proof_id_seq', 1, true);
SELECT pg_catalog.setval('app.record_id_seq', 1, true);
SELECT pg_catalog.setval('app.webhook_delivery_id_seq', 1, false);
ALTER TABLE ONLY app.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY app.api_answer
    ADD CONSTRAINT pk_api_answer PRIMARY KEY (token_id, key);
ALTER TABLE ONLY app.api_token
    ADD CONSTRAINT pk_api_token PRIMARY KEY (id);
ALTER TABLE ONLY app.api_use
    ADD CONSTRAINT pk_api_use PRIMARY KEY (company_id, day, purpose);
ALTER TABLE ONLY app.bank_rule
    ADD CONSTRAINT pk_bank_rule PRIMARY KEY (id);
ALTER TABLE ONLY app.bank_rule_version
    ADD CONSTRAINT pk_bank_rule_version PRIMARY KEY (rule_id, version);
ALTER TABLE ONLY app.certificate
    ADD CONSTRAINT pk_certificate PRIMARY KEY (id);
ALTER TABLE ONLY app.choice
    ADD CONSTRAINT pk_choice PRIMARY KEY (id);
ALTER TABLE ONLY app.closed_month
    ADD CONSTRAINT pk_closed_month PRIMARY KEY (connection_id, month);
ALTER TABLE ONLY app.company
    ADD CONSTRAINT pk_company PRIMARY KEY (id);
ALTER TABLE ONLY app.connection
    ADD CONSTRAINT pk_connection PRIMARY KEY (id);
ALTER TABLE ONLY app.connector_switch
    ADD CONSTRAINT pk_connector_switch PRIMARY KEY (connector, company_id);
ALTER TABLE ONLY app.draft
    ADD CONSTRAINT pk_draft PRIMARY KEY (id);
ALTER TABLE ONLY app.drift
    ADD CONSTRAINT pk_drift PRIMARY KEY (id);
ALTER TABLE ONLY app.event
    ADD CONSTRAINT pk_event PRIMARY KEY (seq);
ALTER TABLE ONLY app.event_head
    ADD CONSTRAINT pk_event_head PRIMARY KEY (id);
ALTER TABLE ONLY app.gap
    ADD CONSTRAINT pk_gap PRIMARY KEY (id);
ALTER TABLE ONLY app.hold
    ADD CONSTRAINT pk_hold PRIMARY KEY (id);
ALTER TABLE ONLY app.incident
    ADD CONSTRAINT pk_incident PRIMARY KEY (id);
ALTER TABLE ONLY app.invitation
    ADD CONSTRAINT pk_invitation PRIMARY KEY (id);
ALTER TABLE ONLY app.learned_history
    ADD CONSTRAINT pk_learned_history PRIMARY KEY (company_id);
ALTER TABLE ONLY app.ledger_entry
    ADD CONSTRAINT pk_ledger_entry PRIMARY KEY (company_id, kind, object_id);
ALTER TABLE ONLY app.link
    ADD CONSTRAINT pk_link PRIMARY KEY (id);
ALTER TABLE ONLY app.marked_document
    ADD CONSTRAINT pk_marked_document PRIMARY KEY (company_id, code);
ALTER TABLE ONLY app.match
    ADD CONSTRAINT pk_match PRIMARY KEY (id);
ALTER TABLE ONLY app.membership
    ADD CONSTRAINT pk_membership PRIMARY KEY (person_id, company_id);
ALTER TABLE ONLY app.night
    ADD CONSTRAINT pk_night PRIMARY KEY (company_id);
ALTER TABLE ONLY app.notice
    ADD CONSTRAINT pk_notice PRIMARY KEY (id);
ALTER TABLE ONLY app.other_change
    ADD CONSTRAINT pk_other_change PRIMARY KEY (id);
ALTER TABLE ONLY app.other_document
    ADD CONSTRAINT pk_other_document PRIMARY KEY (company_id, kind, document_id, account_id);
ALTER TABLE ONLY app.paid_document
    ADD CONSTRAINT pk_paid_document PRIMARY KEY (id);
ALTER TABLE ONLY app.person
    ADD CONSTRAINT pk_person PRIMARY KEY (id);
ALTER TABLE ONLY app.plan
    ADD CONSTRAINT pk_plan PRIMARY KEY (id);
ALTER TABLE ONLY app.plan_line
    ADD CONSTRAINT pk_plan_line PRIMARY KEY (id);
ALTER TABLE ONLY app.posting
    ADD CONSTRAINT pk_posting PRIMARY KEY (id);
ALTER TABLE ONLY app.problem
    ADD CONSTRAINT pk_problem PRIMARY KEY (id);
ALTER TABLE ONLY app.proof
    ADD CONSTRAINT pk_proof PRIMARY KEY (id);
ALTER TABLE ONLY app.proof_month
    ADD CONSTRAINT pk_proof_month PRIMARY KEY (connection_id, month);
ALTER TABLE ONLY app.pushed_entry
    ADD CONSTRAINT pk_pushed_entry PRIMARY KEY (connection_id, list_name, kind, object_id);
ALTER TABLE ONLY app.rate_bucket
    ADD CONSTRAINT pk_rate_bucket PRIMARY KEY (company_id, name);
ALTER TABLE ONLY app.record
    ADD CONSTRAINT pk_record PRIMARY KEY (id);
ALTER TABLE ONLY app.repost
    ADD CONSTRAINT pk_repost PRIMARY KEY (id);
ALTER TABLE ONLY app.run
    ADD CONSTRAINT pk_run PRIMARY KEY (id);
ALTER TABLE ONLY app.run_count
    ADD CONSTRAINT pk_run_count PRIMARY KEY (run_id, stream);
ALTER TABLE ONLY app.schedule
    ADD CONSTRAINT pk_schedule PRIMARY KEY (connection_id);
ALTER TABLE ONLY app.secret
    ADD CONSTRAINT pk_secret PRIMARY KEY (handle);
ALTER TABLE ONLY app.sign_in_failure
    ADD CONSTRAINT pk_sign_in_failure PRIMARY KEY (key);
ALTER TABLE ONLY app.source_file
    ADD CONSTRAINT pk_source_file PRIMARY KEY (connection_id, number);
ALTER TABLE ONLY app.statement
    ADD CONSTRAINT pk_statement PRIMARY KEY (company_id, account_id);
ALTER TABLE ONLY app.stream_cursor
    ADD CONSTRAINT pk_stream_cursor PRIMARY KEY (connection_id, stream);
ALTER TABLE ONLY app.term_override
    ADD CONSTRAINT pk_term_override PRIMARY KEY (connection_id, word, valid_from);
ALTER TABLE ONLY app.told_outcome
    ADD CONSTRAINT pk_told_outcome PRIMARY KEY (connection_id, key);
ALTER TABLE ONLY app.web_session
    ADD CONSTRAINT pk_web_session PRIMARY KEY (id);
ALTER TABLE ONLY app.webhook_delivery
    ADD CONSTRAINT pk_webhook_delivery PRIMARY KEY (id);
ALTER TABLE ONLY app.webhook_endpoint
    ADD CONSTRAINT pk_webhook_endpoint PRIMARY KEY (connection_id);
ALTER TABLE ONLY app.worker
    ADD CONSTRAINT pk_worker PRIMARY KEY (executor_id);
ALTER TABLE ONLY app.api_token
    ADD CONSTRAINT uq_api_token_token_hash UNIQUE (token_hash);
ALTER TABLE ONLY app.certificate
    ADD CONSTRAINT uq_certificate_company_id_month_version UNIQUE (company_id, month, version);
ALTER TABLE ONLY app.choice
    ADD CONSTRAINT uq_choice_connection_id_role_of_valid_from UNIQUE (connection_id, role, of, valid_from);
ALTER TABLE ONLY app.company
    ADD CONSTRAINT uq_company_environment_realm UNIQUE (environment, realm);
ALTER TABLE ONLY app.draft
    ADD CONSTRAINT uq_draft_connection_id_key UNIQUE (connection_id, key);
ALTER TABLE ONLY app.invitation
    ADD CONSTRAINT uq_invitation_token_hash UNIQUE (token_hash);
ALTER TABLE ONLY app.link
    ADD CONSTRAINT uq_link_company_id_connection_id_key UNIQUE (company_id, connection_id, key);
ALTER TABLE ONLY app.match
    ADD CONSTRAINT uq_match_connection_id_kind_document_id_money_account UNIQUE (connection_id, kind, document_id, money_account);
ALTER TABLE ONLY app.match
    ADD CONSTRAINT uq_match_draft_id UNIQUE (draft_id);
ALTER TABLE ONLY app.paid_document
    ADD CONSTRAINT uq_paid_document_company_id_kind_document_id UNIQUE (company_id, kind, document_id);
ALTER TABLE ONLY app.person
    ADD CONSTRAINT uq_person_email UNIQUE (email);
ALTER TABLE ONLY app.person
    ADD CONSTRAINT uq_person_identity UNIQUE (identity);
ALTER TABLE ONLY app.plan_line
    ADD CONSTRAINT uq_plan_line_plan_id_key UNIQUE (plan_id, key);
ALTER TABLE ONLY app.proof
    ADD CONSTRAINT uq_proof_connection_id_stream_currency_day UNIQUE (connection_id, stream, currency, day);
ALTER TABLE ONLY app.record
    ADD CONSTRAINT uq_record_connection_id_stream_source_id_revision UNIQUE (connection_id, stream, source_id, revision);
ALTER TABLE ONLY app.run
    ADD CONSTRAINT uq_run_slot UNIQUE (slot);
ALTER TABLE ONLY app.source_file
    ADD CONSTRAINT uq_source_file_connection_id_sha256 UNIQUE (connection_id, sha256);
ALTER TABLE ONLY app.web_session
    ADD CONSTRAINT uq_web_session_token_hash UNIQUE (token_hash);
ALTER TABLE ONLY app.webhook_delivery
    ADD CONSTRAINT uq_webhook_delivery_connection_id_message_id UNIQUE (connection_id, message_id);
ALTER TABLE ONLY app.webhook_endpoint
    ADD CONSTRAINT uq_webhook_endpoint_address UNIQUE (address);
CREATE INDEX ix_api_token_person_id ON app.api_token USING btree (person_id);
CREATE INDEX ix_bank_rule_company ON app.bank_rule USING btree (company_id, removed_at, place);
CREATE INDEX ix_connection_company_id ON app.connection USING btree (company_id);
CREATE INDEX ix_draft_connection_state ON app.draft USING btree (connection_id, state);
CREATE INDEX ix_draft_record ON app.draft USING btree (record_id);
CREATE INDEX ix_draft_state_record ON app.draft USING btree (state, record_id);
CREATE INDEX ix_drift_connection_state ON app.drift USING btree (connection_id, state);
CREATE INDEX ix_event_company ON app.event USING btree (company_id, seq);
CREATE INDEX ix_gap_connection_id ON app.gap USING btree (connection_id);
CREATE INDEX ix_hold_connection ON app.hold USING btree (connection_id, closed_at);
CREATE INDEX ix_ledger_entry_name ON app.ledger_entry USING btree (company_id, kind, name_key);
CREATE INDEX ix_link_day ON app.link USING btree (connection_id, day);
CREATE INDEX ix_link_document ON app.link USING btree (company_id, kind, document_id);
CREATE INDEX ix_link_key ON app.link USING btree (connection_id, key);
CREATE INDEX ix_link_moved ON app.link USING btree (connection_id, state, currency, money_account, amount);
CREATE INDEX ix_night_next_at ON app.night USING btree (next_at);
CREATE INDEX ix_notice_try_at ON app.notice USING btree (try_at);
CREATE INDEX ix_other_change_found ON app.other_change USING btree (company_id, found_at);
CREATE INDEX ix_other_document_day ON app.other_document USING btree (company_id, day);
CREATE INDEX ix_paid_document_draft_id ON app.paid_document USING btree (draft_id);
CREATE INDEX ix_plan_connection_id ON app.plan USING btree (connection_id);
CREATE INDEX ix_plan_line_draft ON app.plan_line USING btree (draft_id);
CREATE INDEX ix_plan_line_todo ON app.plan_line USING btree (plan_id, state, rank, id);
CREATE INDEX ix_plan_run_id ON app.plan USING btree (run_id);
CREATE INDEX ix_posting_key ON app.posting USING btree (connection_id, key);
CREATE INDEX ix_posting_line ON app.posting USING btree (plan_line_id);
CREATE INDEX ix_posting_open ON app.posting USING btree (connection_id, state);
CREATE INDEX ix_problem_connection_state ON app.problem USING btree (connection_id, state);
CREATE INDEX ix_record_connection_state ON app.record USING btree (connection_id, state);
CREATE INDEX ix_record_connection_stream_day ON app.record USING btree (connection_id, stream, day);
CREATE INDEX ix_record_day ON app.record USING btree (connection_id, day);
CREATE INDEX ix_record_run ON app.record USING btree (run_id);
CREATE INDEX ix_run_company_created ON app.run USING btree (company_id, created_at);
CREATE INDEX ix_run_connection_id ON app.run USING btree (connection_id);
CREATE INDEX ix_schedule_next_at ON app.schedule USING btree (next_at);
CREATE INDEX ix_web_session_person_id ON app.web_session USING btree (person_id);
CREATE INDEX ix_webhook_delivery_run ON app.webhook_delivery USING btree (run_id, connection_id);
CREATE UNIQUE INDEX uq_connection_source ON app.connection USING btree (connector, source_identity) WHERE ((source_identity <> ''::text) AND (state <> ALL (ARRAY['disconnected'::text, 'unconnected'::text])));
CREATE UNIQUE INDEX uq_drift_open ON app.drift USING btree (link_id) WHERE (state = 'open'::text);
CREATE UNIQUE INDEX uq_hold_open ON app.hold USING btree (draft_id) WHERE (closed_at IS NULL);
CREATE UNIQUE INDEX uq_incident_open ON app.incident USING btree (key) WHERE (closed_at IS NULL);
CREATE UNIQUE INDEX uq_posting_request ON app.posting USING btree (company_id, request_id) WHERE (state <> 'lost'::text);
CREATE UNIQUE INDEX uq_problem_open ON app.problem USING btree (connection_id, code, subject) WHERE (state = 'open'::text);
CREATE UNIQUE INDEX uq_repost_open ON app.repost USING btree (connection_id) WHERE (state = 'open'::text);
CREATE UNIQUE INDEX uq_run_open ON app.run USING btree (connection_id) WHERE (state = ANY (ARRAY['queued'::text, 'running'::text, 'paused'::text]));
ALTER TABLE ONLY app.api_answer
    ADD CONSTRAINT fk_api_answer_token_id FOREIGN KEY (token_id) REFERENCES app.api_token(id);
ALTER TABLE ONLY app.api_token
    ADD CONSTRAINT fk_api_token_person_id FOREIGN KEY (person_id) REFERENCES app.person(id);
ALTER TABLE ONLY app.api_use
    ADD CONSTRAINT fk_api_use_company_id FOREIGN KEY (company_id) REFERENCES app.company(id);
ALTER TABLE ONLY app.bank_rule
    ADD CONSTRAINT fk_bank_rule_company_id FOREIGN KEY (company_id) REFERENCES app.company(id);
ALTER TABLE ONLY app.bank_rule_version
    ADD CONSTRAINT fk_bank_rule_version_rule_id FOREIGN KEY (rule_id) REFERENCES app.bank_rule(id);
ALTER TABLE ONLY app.certificate
    ADD CONSTRAINT fk_certificate_company_id FOREIGN KEY (company_id) REFERENCES app.company(id);
ALTER TABLE ONLY app.choice
    ADD CONSTRAINT fk_choice_connection_id FOREIGN KEY (connection_id) REFERENCES app.connection(id);
ALTER TABLE ONLY app.closed_month
    ADD CONSTRAINT fk_closed_month_connection_id FOREIGN KEY (connection_id) REFERENCES app.connection(id);
ALTER TABLE ONLY app.connection
    ADD CONSTRAINT fk_connection_company_id FOREIGN KEY (company_id) REFERENCES app.company(id);
ALTER TABLE ONLY app.draft
    ADD CONSTRAINT fk_draft_connection_id FOREIGN KEY (connection_id) REFERENCES app.connection(id);
ALTER TABLE ONLY app.draft
    ADD CONSTRAINT fk_draft_record_id FOREIGN KEY (record_id) REFERENCES app.record(id);
ALTER TABLE ONLY app.drift
    ADD CONSTRAINT fk_drift_company_id FOREIGN KEY (company_id) REFERENCES app.company(id);
ALTER TABLE ONLY app.drift
    ADD CONSTRAINT fk_drift_connection_id FOREIGN KEY (connection_id) REFERENCES app.connection(id);
ALTER TABLE ONLY app.drift
    ADD CONSTRAINT fk_drift_link_id FOREIGN KEY (link_id) REFERENCES app.link(id) ON DELETE CASCADE;
ALTER TABLE ONLY app.gap
    ADD CONSTRAINT fk_gap_connection_id FOREIGN KEY (connection_id) REFERENCES app.connection(id);
ALTER TABLE ONLY app.hold
    ADD CONSTRAINT fk_hold_connection_id FOREIGN KEY (connection_id) REFERENCES app.connection(id);
ALTER TABLE ONLY app.hold
    ADD CONSTRAINT fk_hold_draft_id FOREIGN KEY (draft_id) REFERENCES app.draft(id);
ALTER TABLE ONLY app.learned_history
    ADD CONSTRAINT fk_learned_history_company_id FOREIGN KEY (company_id) REFERENCES app.company(id);
ALTER TABLE ONLY app.ledger_entry
    ADD CONSTRAINT fk_ledger_entry_company_id FOREIGN KEY (company_id) REFERENCES app.company(id);
ALTER TABLE ONLY app.link
    ADD CONSTRAINT fk_link_company_id FOREIGN KEY (company_id) REFERENCES app.company(id);
ALTER TABLE ONLY app.link
    ADD CONSTRAINT fk_link_connection_id FOREIGN KEY (connection_id) REFERENCES app.connection(id);
ALTER TABLE ONLY app.marked_document
    ADD CONSTRAINT fk_marked_document_company_id FOREIGN KEY (company_id) REFERENCES app.company(id);
ALTER TABLE ONLY app.match
    ADD CONSTRAINT fk_match_company_id FOREIGN KEY (company_id) REFERENCES app.company(id);
ALTER TABLE ONLY app.match
    ADD CONSTRAINT fk_match_connection_id FOREIGN KEY (connection_id) REFERENCES app.connection(id);
ALTER TABLE ONLY app.match
    ADD CONSTRAINT fk_match_draft_id FOREIGN KEY (draft_id) REFERENCES app.draft(id);
ALTER TABLE ONLY app.membership
    ADD CONSTRAINT fk_membership_person_id FOREIGN KEY (person_id) REFERENCES app.person(id);
ALTER TABLE ONLY app.night
    ADD CONSTRAINT fk_night_company_id FOREIGN KEY (company_id) REFERENCES app.company(id);
ALTER TABLE ONLY app.notice
    ADD CONSTRAINT fk_notice_incident_id FOREIGN KEY (incident_id) REFERENCES app.incident(id);
ALTER TABLE ONLY app.notice
    ADD CONSTRAINT fk_notice_person_id FOREIGN KEY (person_id) REFERENCES app.person(id);
ALTER TABLE ONLY app.other_change
    ADD CONSTRAINT fk_other_change_company_id FOREIGN KEY (company_id) REFERENCES app.company(id);
ALTER TABLE ONLY app.other_document
    ADD CONSTRAINT fk_other_document_company_id FOREIGN KEY (company_id) REFERENCES app.company(id);
ALTER TABLE ONLY app.paid_document
    ADD CONSTRAINT fk_paid_document_company_id FOREIGN KEY (company_id) REFERENCES app.company(id);
ALTER TABLE ONLY app.paid_document
    ADD CONSTRAINT fk_paid_document_draft_id FOREIGN KEY (draft_id) REFERENCES app.draft(id);
ALTER TABLE ONLY app.plan
    ADD CONSTRAINT fk_plan_connection_id FOREIGN KEY (connection_id) REFERENCES app.connection(id);
ALTER TABLE ONLY app.plan_line
    ADD CONSTRAINT fk_plan_line_draft_id FOREIGN KEY (draft_id) REFERENCES app.draft(id);
ALTER TABLE ONLY app.plan_line
    ADD CONSTRAINT fk_plan_line_plan_id FOREIGN KEY (plan_id) REFERENCES app.plan(id);
ALTER TABLE ONLY app.posting
    ADD CONSTRAINT fk_posting_company_id FOREIGN KEY (company_id) REFERENCES app.company(id);
ALTER TABLE ONLY app.posting
    ADD CONSTRAINT fk_posting_connection_id FOREIGN KEY (connection_id) REFERENCES app.connection(id);
ALTER TABLE ONLY app.posting
    ADD CONSTRAINT fk_posting_plan_line_id FOREIGN KEY (plan_line_id) REFERENCES app.plan_line(id);
ALTER TABLE ONLY app.problem
    ADD CONSTRAINT fk_problem_connection_id FOREIGN KEY (connection_id) REFERENCES app.connection(id);
ALTER TABLE ONLY app.proof
    ADD CONSTRAINT fk_proof_connection_id FOREIGN KEY (connection_id) REFERENCES app.connection(id);
ALTER TABLE ONLY app.proof_month
    ADD CONSTRAINT fk_proof_month_connection_id FOREIGN KEY (connection_id) REFERENCES app.connection(id);
ALTER TABLE ONLY app.pushed_entry
    ADD CONSTRAINT fk_pushed_entry_connection_id FOREIGN KEY (connection_id) REFERENCES app.connection(id);
ALTER TABLE ONLY app.rate_bucket
    ADD CONSTRAINT fk_rate_bucket_company_id FOREIGN KEY (company_id) REFERENCES app.company(id);
ALTER TABLE ONLY app.record
    ADD CONSTRAINT fk_record_connection_id FOREIGN KEY (connection_id) REFERENCES app.connection(id);
ALTER TABLE ONLY app.repost
    ADD CONSTRAINT fk_repost_connection_id FOREIGN KEY (connection_id) REFERENCES app.connection(id);
ALTER TABLE ONLY app.run
    ADD CONSTRAINT fk_run_company_id FOREIGN KEY (company_id) REFERENCES app.company(id);
ALTER TABLE ONLY app.run
    ADD CONSTRAINT fk_run_connection_id FOREIGN KEY (connection_id) REFERENCES app.connection(id);
ALTER TABLE ONLY app.run_count
    ADD CONSTRAINT fk_run_count_run_id FOREIGN KEY (run_id) REFERENCES app.run(id);
ALTER TABLE ONLY app.schedule
    ADD CONSTRAINT fk_schedule_connection_id FOREIGN KEY (connection_id) REFERENCES app.connection(id);
ALTER TABLE ONLY app.source_file
    ADD CONSTRAINT fk_source_file_connection_id FOREIGN KEY (connection_id) REFERENCES app.connection(id);
ALTER TABLE ONLY app.statement
    ADD CONSTRAINT fk_statement_company_id FOREIGN KEY (company_id) REFERENCES app.company(id);
ALTER TABLE ONLY app.stream_cursor
    ADD CONSTRAINT fk_stream_cursor_connection_id FOREIGN KEY (connection_id) REFERENCES app.connection(id);
ALTER TABLE ONLY app.term_override
    ADD CONSTRAINT fk_term_override_connection_id FOREIGN KEY (connection_id) REFERENCES app.connection(id);
ALTER TABLE ONLY app.told_outcome
    ADD CONSTRAINT fk_told_outcome_connection_id FOREIGN KEY (connection_id) REFERENCES app.connection(id);
ALTER TABLE ONLY app.web_session
    ADD CONSTRAINT fk_web_session_person_id FOREIGN KEY (person_id) REFERENCES app.person(id);
ALTER TABLE ONLY app.webhook_delivery
    ADD CONSTRAINT fk_webhook_delivery_connection_id FOREIGN KEY (connection_id) REFERENCES app.connection(id);
ALTER TABLE ONLY app.webhook_endpoint
    ADD CONSTRAINT fk_webhook_endpoint_connection_id FOREIGN KEY (connection_id) REFERENCES app.connection(id);

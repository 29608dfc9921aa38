PRAGMA application_id = 1801810805;
BEGIN TRANSACTION;
CREATE TABLE archive (
    sha256 TEXT NOT NULL PRIMARY KEY,
    size INTEGER NOT NULL,
    content BLOB NOT NULL
) STRICT;
INSERT INTO "archive" VALUES('f8cbbb156aaf6e8eb629ccc0cb1681c480fa8834b80422c059a78b40a0bae324',17,X'785E0B2E4DCA4A4D2EB15248CB2FCAE5E5E2E50200360F050D');
INSERT INTO "archive" VALUES('71563ad80061407ede9c6f316836284bd3710a520c5a792b5eda1cb703690815',2,X'785EFB7F030002D801D8');
CREATE TABLE attachments (
    id INTEGER NOT NULL PRIMARY KEY,
    case_number TEXT NOT NULL REFERENCES cases (number),
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    sha256 TEXT NOT NULL REFERENCES archive (sha256),
    size INTEGER NOT NULL,
    UNIQUE (case_number, name, sha256)
) STRICT;
INSERT INTO "attachments" VALUES(1,'KS-20261123-001','照片.jpg','image/jpeg','71563ad80061407ede9c6f316836284bd3710a520c5a792b5eda1cb703690815',2);
CREATE TABLE case_keys (
    case_number TEXT NOT NULL REFERENCES cases (number),
    "key" TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (case_number, "key")
) STRICT;
INSERT INTO "case_keys" VALUES('KS-20261123-002','customer_phone','13800000001');
CREATE TABLE cases (
    number TEXT NOT NULL PRIMARY KEY,
    site TEXT NOT NULL,
    status TEXT NOT NULL,
    grade TEXT NOT NULL,
    stage TEXT NOT NULL,
    due TEXT,
    opened_at TEXT NOT NULL,
    updated INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT;
INSERT INTO "cases" VALUES('KS-20261123-001','main','resolved','level-2','after-sales-level-2',NULL,'2026-11-23T01:00:00.000000Z',11,'{"assigned_at":"2026-11-23T11:00:00+08:00","due":null,"facts":{"category":"repair-quality","customer_name":"王小明","customer_phone":"13800000001","department":"after-sales","description":"剎車異響 “第二次”\n未修好","repair_amount":"800.00"},"grade":"level-2","grade_clause":"D02","grade_reason":"3","issued_by":null,"lapses":["after-sales-level-3"],"last_at":"2026-11-23T12:00:00+08:00","last_event":"resolved","missing":[],"number":"KS-20261123-001","opened_at":"2026-11-23T09:00:00+08:00","owners":["after-sales-director"],"policy":"","refusals":0,"reminded_at":null,"reports":1,"resolution":{"resolution":"已更換零件","result":"resolved"},"resolved_at":"2026-11-23T12:00:00+08:00","resolved_by":{"email":"li@example.com","name":"李","roles":["after-sales-director"]},"sender":{"email":"care@example.com","name":"","roles":["customer-care"]},"stage":"after-sales-level-2","stages":["after-sales-level-3","after-sales-level-2"],"status":"resolved","tasks":[],"told":["service-manager","workshop-director","after-sales-director","customer-care"],"warnings":[]}');
INSERT INTO "cases" VALUES('KS-20261123-002','main','open','level-3','after-sales-level-3','2026-11-23T03:00:00.000000Z','2026-11-23T01:00:00.000000Z',6,'{"assigned_at":"2026-11-23T09:00:00+08:00","due":"2026-11-23T11:00:00+08:00","facts":{"category":"repair-quality","customer_name":"王小明","customer_phone":"13800000001","department":"after-sales","description":"剎車異響 “第二次”\n未修好","repair_amount":"800.00"},"grade":"level-3","grade_clause":"D01","grade_reason":"3","issued_by":null,"lapses":[],"last_at":"2026-11-23T09:00:00+08:00","last_event":"assigned","missing":[],"number":"KS-20261123-002","opened_at":"2026-11-23T09:00:00+08:00","owners":["service-manager","workshop-director"],"policy":"","refusals":0,"reminded_at":null,"reports":0,"resolution":{},"resolved_at":null,"resolved_by":{"email":"","name":"","roles":[]},"sender":{"email":"care@example.com","name":"","roles":["customer-care"]},"stage":"after-sales-level-3","stages":["after-sales-level-3"],"status":"open","tasks":[],"told":["service-manager","workshop-director"],"warnings":[]}');
CREATE TABLE chain_head (
    site TEXT NOT NULL PRIMARY KEY,
    seq INTEGER NOT NULL,
    hash TEXT NOT NULL
) STRICT;
INSERT INTO "chain_head" VALUES('main',11,'c541f441d688c7a8354e5814af09dbbe48385c4d4e3b5819e080a0e6ee99b8e5');
CREATE TABLE deadlines (
    case_number TEXT NOT NULL REFERENCES cases (number),
    name TEXT NOT NULL,
    due TEXT NOT NULL,
    PRIMARY KEY (case_number, name)
) STRICT;
INSERT INTO "deadlines" VALUES('KS-20261123-002','lapse:after-sales-level-3','2026-11-23T03:00:00.000000Z');
INSERT INTO "deadlines" VALUES('KS-20261123-002','reminder:after-sales-level-3','2026-11-23T02:30:00.000000Z');
CREATE TABLE events (
    seq INTEGER NOT NULL PRIMARY KEY,
    case_number TEXT NOT NULL,
    n INTEGER NOT NULL,
    kind TEXT NOT NULL,
    at TEXT NOT NULL,
    clause TEXT NOT NULL,
    promise TEXT,
    policy_hash TEXT NOT NULL REFERENCES policies (hash),
    version TEXT NOT NULL,
    commitment TEXT NOT NULL,
    prev_hash TEXT NOT NULL,
    hash TEXT NOT NULL,
    UNIQUE (case_number, n),
    UNIQUE (case_number, promise)
) STRICT;
INSERT INTO "events" VALUES(1,'KS-20261123-001',1,'opened','2026-11-23T01:00:00.000000Z','','opened','e51d2fdc3eb6347a3173dfb3860b196a2b989b71dd621f74cd912066832bed7f','0.1.0','a43e0434e56727741113685a8b9b27b8ff14204a71799f61af7af411787efb9c','514d023915951c2f044a393079845c7c1ecb24fe77995116f9110f7cd898fd2a','995ded23530d45cee79315b322d6f4d36834548ef90b4b39caea8afc57cc8ff3');
INSERT INTO "events" VALUES(2,'KS-20261123-001',2,'graded','2026-11-23T01:00:00.000000Z','D01',NULL,'e51d2fdc3eb6347a3173dfb3860b196a2b989b71dd621f74cd912066832bed7f','0.1.0','ef623de3ee826e6d88a6136005f947174dd875e93891be8ac757eb5c1044cc38','995ded23530d45cee79315b322d6f4d36834548ef90b4b39caea8afc57cc8ff3','570a293fe078af0fa6e409d69ec488ee39680b97227cb3f1582194971baeba00');
INSERT INTO "events" VALUES(3,'KS-20261123-001',3,'assigned','2026-11-23T01:00:00.000000Z','D06',NULL,'e51d2fdc3eb6347a3173dfb3860b196a2b989b71dd621f74cd912066832bed7f','0.1.0','4ad50ced4f2640692c51133e3335f8f76a49cc8dc8bda5768c2fcd3d7ab16be5','570a293fe078af0fa6e409d69ec488ee39680b97227cb3f1582194971baeba00','0868f5c10e413ada7d46441506933b66c3af3a2034ff4687a684dadb93680834');
INSERT INTO "events" VALUES(4,'KS-20261123-002',1,'opened','2026-11-23T01:00:00.000000Z','','opened','e51d2fdc3eb6347a3173dfb3860b196a2b989b71dd621f74cd912066832bed7f','0.1.0','339a67b876689f27036aac004c89dfc08186ab5777bfc40e2424dd8f257b0e6c','0868f5c10e413ada7d46441506933b66c3af3a2034ff4687a684dadb93680834','f4d43add4ff983d5d64f9f61a9322d0964249a1f4145f7e426d5186c7f6ab669');
INSERT INTO "events" VALUES(5,'KS-20261123-002',2,'graded','2026-11-23T01:00:00.000000Z','D01',NULL,'e51d2fdc3eb6347a3173dfb3860b196a2b989b71dd621f74cd912066832bed7f','0.1.0','bb3c2a52ca98ab6d696f57b08d7feb96da929cb611af1eec597d723c0d707565','f4d43add4ff983d5d64f9f61a9322d0964249a1f4145f7e426d5186c7f6ab669','ed40d9807d41de77876d6059801db7f925516e3080074edad99428efef3297d1');
INSERT INTO "events" VALUES(6,'KS-20261123-002',3,'assigned','2026-11-23T01:00:00.000000Z','D06',NULL,'e51d2fdc3eb6347a3173dfb3860b196a2b989b71dd621f74cd912066832bed7f','0.1.0','2077e1610859379b70be7a6cd39156c483deb6b8d3c41117db0db8fdf140c4be','ed40d9807d41de77876d6059801db7f925516e3080074edad99428efef3297d1','a7f39169ebd9c5a8d8a1eeef96f1180c3ab43f1495576fcd0b5e8f86ac4933a6');
INSERT INTO "events" VALUES(7,'KS-20261123-001',4,'lapsed','2026-11-23T03:00:00.000000Z','D06','lapse:after-sales-level-3','e51d2fdc3eb6347a3173dfb3860b196a2b989b71dd621f74cd912066832bed7f','0.1.0','371cc24da41d0cae800b537f52ed188416c25eb0913056a451ed025c5544b71c','a7f39169ebd9c5a8d8a1eeef96f1180c3ab43f1495576fcd0b5e8f86ac4933a6','a0d867c82b42eeb345d81eeec01b260c22a8b572e702fdfed08d5d384e2dc5ed');
INSERT INTO "events" VALUES(8,'KS-20261123-001',5,'escalated','2026-11-23T03:00:00.000000Z','D02',NULL,'e51d2fdc3eb6347a3173dfb3860b196a2b989b71dd621f74cd912066832bed7f','0.1.0','824201f2e1c1b77f5253c45f9d61e912fe4a7dd412a182aebed64460b0155249','a0d867c82b42eeb345d81eeec01b260c22a8b572e702fdfed08d5d384e2dc5ed','e429f73d0d0d411523c06f3a26a910c3d5d09cd6c671ca163bf3fc9412d19e55');
INSERT INTO "events" VALUES(9,'KS-20261123-001',6,'assigned','2026-11-23T03:00:00.000000Z','D07',NULL,'e51d2fdc3eb6347a3173dfb3860b196a2b989b71dd621f74cd912066832bed7f','0.1.0','9b0ab0595871869f99aa04f1812fcfd580dad0694793217f4cd2cb52afad82db','e429f73d0d0d411523c06f3a26a910c3d5d09cd6c671ca163bf3fc9412d19e55','7cd5cf5726166899ab099dbb0c13e91cde34e196b718b2d300fb3cde684ca888');
INSERT INTO "events" VALUES(10,'KS-20261123-001',7,'reported','2026-11-23T04:00:00.000000Z','',NULL,'e51d2fdc3eb6347a3173dfb3860b196a2b989b71dd621f74cd912066832bed7f','0.1.0','e2da3a44e22c17148c5229dce31af6b12f678ec2e8210a9f75eb372e97b73d87','7cd5cf5726166899ab099dbb0c13e91cde34e196b718b2d300fb3cde684ca888','9be739b0e8833448d3318e53a10fa1759632d149f807200e014bddecbcd87596');
INSERT INTO "events" VALUES(11,'KS-20261123-001',8,'resolved','2026-11-23T04:00:00.000000Z','D07',NULL,'e51d2fdc3eb6347a3173dfb3860b196a2b989b71dd621f74cd912066832bed7f','0.1.0','1f45f34c43300cccde0fb856cd55b514875107e3d3a4c3358030056555e9e29f','9be739b0e8833448d3318e53a10fa1759632d149f807200e014bddecbcd87596','c541f441d688c7a8354e5814af09dbbe48385c4d4e3b5819e080a0e6ee99b8e5');
CREATE TABLE intake_parts (
    message_id TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    mail_id INTEGER NOT NULL REFERENCES mail_in (id),
    PRIMARY KEY (message_id, sha256)
) STRICT;
CREATE TABLE mail_cases (
    mail_id INTEGER NOT NULL REFERENCES mail_in (id),
    case_number TEXT NOT NULL REFERENCES cases (number),
    PRIMARY KEY (mail_id, case_number)
) STRICT;
CREATE TABLE mail_in (
    id INTEGER NOT NULL PRIMARY KEY,
    folder TEXT NOT NULL,
    uidvalidity INTEGER NOT NULL,
    uid INTEGER NOT NULL,
    sha256 TEXT NOT NULL REFERENCES archive (sha256),
    message_id TEXT NOT NULL,
    sender TEXT NOT NULL,
    received_at TEXT NOT NULL,
    stored_at TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    target_folder TEXT NOT NULL,
    moved_at TEXT,
    UNIQUE (folder, uidvalidity, uid)
) STRICT;
INSERT INTO "mail_in" VALUES(1,'INBOX',1700,7,'f8cbbb156aaf6e8eb629ccc0cb1681c480fa8834b80422c059a78b40a0bae324','<m1@example.com>','care@example.com','2026-11-23T01:00:00.000000Z','2026-11-23T01:00:00.000000Z','received','','',NULL);
CREATE TABLE marks (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;
INSERT INTO "marks" VALUES('workbook','6');
CREATE TABLE numbers (
    site TEXT NOT NULL,
    day TEXT NOT NULL,
    serial INTEGER NOT NULL,
    PRIMARY KEY (site, day)
) STRICT;
INSERT INTO "numbers" VALUES('main','2026-11-23',2);
CREATE TABLE outbox (
    id INTEGER NOT NULL PRIMARY KEY,
    notice_key TEXT NOT NULL UNIQUE,
    message_id TEXT NOT NULL UNIQUE,
    case_number TEXT REFERENCES cases (number),
    event_seq INTEGER REFERENCES events (seq),
    answers INTEGER REFERENCES mail_in (id),
    recipient TEXT NOT NULL,
    template TEXT NOT NULL,
    locale TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    uncertain INTEGER NOT NULL CHECK (uncertain IN (0, 1)),
    next_try TEXT NOT NULL,
    lease_until TEXT,
    last_error TEXT NOT NULL,
    created_at TEXT NOT NULL,
    sent_at TEXT,
    failed_at TEXT,
    smtp_reply TEXT NOT NULL,
    body TEXT NOT NULL
) STRICT;
INSERT INTO "outbox" VALUES(1,'acknowledgement:1','<acknowledgement:1@kesu.example>','KS-20261123-001',1,1,'li@example.com','assignment','zh-Hant','queued',0,0,'2026-11-23T01:00:00.000000Z',NULL,'','2026-11-23T01:00:00.000000Z',NULL,NULL,'','{"content":{}}');
CREATE TABLE payloads (
    seq INTEGER NOT NULL PRIMARY KEY REFERENCES events (seq),
    salt BLOB NOT NULL,
    body TEXT NOT NULL
) STRICT;
INSERT INTO "payloads" VALUES(1,X'70DB188083D29246832C9E8D142C8F99','{"at":"2026-11-23T09:00:00+08:00","facts":{"category":"repair-quality","customer_name":"王小明","customer_phone":"13800000001","department":"after-sales","description":"剎車異響 “第二次”\n未修好","repair_amount":"800.00"},"issued_by":null,"kind":"opened","missing":[],"policy":"","sender":{"email":"care@example.com","name":"","roles":["customer-care"]},"warnings":[]}');
INSERT INTO "payloads" VALUES(2,X'4026330130247CB66EB801DE1887E18E','{"at":"2026-11-23T09:00:00+08:00","clause":"D01","grade":"level-3","kind":"graded","reason":"3"}');
INSERT INTO "payloads" VALUES(3,X'92192EE3ABB02BCD4EE7C7A9AC6A9E91','{"at":"2026-11-23T09:00:00+08:00","because":"grading","clause":"D06","due":"2026-11-23T11:00:00+08:00","kind":"assigned","roles":["service-manager","workshop-director"],"stage":"after-sales-level-3","window":"2h"}');
INSERT INTO "payloads" VALUES(4,X'B3FD7BDE819BC42DC35B2B6D3FF94B35','{"at":"2026-11-23T09:00:00+08:00","facts":{"category":"repair-quality","customer_name":"王小明","customer_phone":"13800000001","department":"after-sales","description":"剎車異響 “第二次”\n未修好","repair_amount":"800.00"},"issued_by":null,"kind":"opened","missing":[],"policy":"","sender":{"email":"care@example.com","name":"","roles":["customer-care"]},"warnings":[]}');
INSERT INTO "payloads" VALUES(5,X'AE764DAF2D8FCCE7C213CC6E0A1043C5','{"at":"2026-11-23T09:00:00+08:00","clause":"D01","grade":"level-3","kind":"graded","reason":"3"}');
INSERT INTO "payloads" VALUES(6,X'14B9E20A5CA9F98E3CF97113C3F10A1E','{"at":"2026-11-23T09:00:00+08:00","because":"grading","clause":"D06","due":"2026-11-23T11:00:00+08:00","kind":"assigned","roles":["service-manager","workshop-director"],"stage":"after-sales-level-3","window":"2h"}');
INSERT INTO "payloads" VALUES(7,X'ECCC47A7E5EECC78BD9348D5C08FF93A','{"at":"2026-11-23T11:00:00+08:00","clause":"D06","due":"2026-11-23T11:00:00+08:00","grade":"level-3","kind":"lapsed","roles":["service-manager","workshop-director"],"stage":"after-sales-level-3"}');
INSERT INTO "payloads" VALUES(8,X'72901FDEDC0CD38F28AB04AE37642CAD','{"at":"2026-11-23T11:00:00+08:00","clause":"D02","from":"level-3","kind":"escalated","notify":["customer-care"],"report_to":["after-sales-director"],"stage":"after-sales-level-2","to":"level-2"}');
INSERT INTO "payloads" VALUES(9,X'761CF807291FFF3EF1FB7D6A7B71BABB','{"at":"2026-11-23T11:00:00+08:00","because":"lapse","clause":"D07","due":"2026-11-23T13:00:00+08:00","kind":"assigned","roles":["after-sales-director"],"stage":"after-sales-level-2","window":"2h"}');
INSERT INTO "payloads" VALUES(10,X'798440685BF4AB409E1C09F0232E2F54','{"at":"2026-11-23T12:00:00+08:00","by":{"email":"li@example.com","name":"李","roles":["after-sales-director"]},"facts":{"resolution":"已更換零件","result":"resolved"},"kind":"reported"}');
INSERT INTO "payloads" VALUES(11,X'181D4A056602A97E0A5538753D004E41','{"at":"2026-11-23T12:00:00+08:00","by":{"email":"li@example.com","name":"李","roles":["after-sales-director"]},"clause":"D07","facts":{"resolution":"已更換零件","result":"resolved"},"kind":"resolved"}');
CREATE TABLE policies (
    hash TEXT NOT NULL PRIMARY KEY,
    "key" TEXT NOT NULL,
    first_seq INTEGER NOT NULL,
    text TEXT NOT NULL
) STRICT;
INSERT INTO "policies" VALUES('e51d2fdc3eb6347a3173dfb3860b196a2b989b71dd621f74cd912066832bed7f','dealership',1,'# the first release''s rules, cut short: the ledger keeps a policy as text
');
CREATE TABLE schema_version (
    version INTEGER NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    applied_by TEXT NOT NULL
) STRICT;
INSERT INTO "schema_version" VALUES(1,'ledger','0.1.0');
CREATE TRIGGER events_are_not_changed BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;
CREATE TRIGGER events_are_not_deleted BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END;
CREATE TRIGGER payloads_are_not_changed BEFORE UPDATE ON payloads
BEGIN SELECT RAISE(ABORT, 'payloads are never changed'); END;
CREATE TRIGGER policies_are_not_changed BEFORE UPDATE ON policies
BEGIN SELECT RAISE(ABORT, 'policies are never changed'); END;
CREATE TRIGGER policies_are_not_deleted BEFORE DELETE ON policies
BEGIN SELECT RAISE(ABORT, 'policies are never deleted'); END;
CREATE INDEX cases_by_status ON cases (status, grade);
CREATE INDEX cases_by_change ON cases (updated);
CREATE INDEX case_keys_by_value ON case_keys ("key", value);
CREATE INDEX deadlines_by_due ON deadlines (due, case_number, name);
CREATE INDEX mail_in_by_state ON mail_in (state);
CREATE INDEX mail_in_by_message_id ON mail_in (message_id);
CREATE INDEX mail_in_unmoved ON mail_in (id) WHERE moved_at IS NULL AND target_folder <> '';
CREATE INDEX outbox_by_state ON outbox (state, next_try);
CREATE INDEX outbox_by_case ON outbox (case_number);
CREATE INDEX outbox_answers ON outbox (created_at, recipient) WHERE answers IS NOT NULL;
COMMIT;

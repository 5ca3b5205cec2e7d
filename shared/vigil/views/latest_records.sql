-- Every record as it is known now: JSON_VALUE(fields, '$.Stay') and the like read it.
-- dataset STRING: Dataset
-- source STRING: Source that published the record
-- record STRING: The record's own name, such as a case
-- person STRING: Whom it is about: a keyed hash
-- fields STRING: What is said of it: a JSON object, numbers as numbers, blanks as null
-- issued_at TIMESTAMP: When it became known
SELECT dataset, source, record, person, fields, issued_at
FROM `{dataset}.records`
WHERE TRUE
QUALIFY ROW_NUMBER() OVER (PARTITION BY dataset, record ORDER BY issued_at DESC) = 1

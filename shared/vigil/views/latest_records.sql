-- Every record as it is known now: JSON_VALUE(fields, '$.Stay') and the like read it.
SELECT dataset, source, record, person, fields, issued_at
FROM `{dataset}.records`
WHERE TRUE
QUALIFY ROW_NUMBER() OVER (PARTITION BY dataset, record ORDER BY issued_at DESC) = 1

-- depends_on: {{ ref('stg_orders') }}
{% set columns = columns_of(source(var('raw_source'), 'orders'), {'received_at': 'a timestamp or a date'}) %}

select row_id
from {{ source(var('raw_source'), 'orders') }}
where not {{ has_a_day(as_utc(columns, 'received_at')) }}

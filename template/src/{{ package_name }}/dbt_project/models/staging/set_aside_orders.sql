select
    row_id,
    order_id,
    customer_id,
    order_timestamp,
    amount,
    received_at,
    received_on,
    fault as reason
from {{ ref('stg_orders') }}
where fault is not null

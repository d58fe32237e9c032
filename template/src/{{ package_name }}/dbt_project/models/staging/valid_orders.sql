{{ config(materialized='incremental', tags=['daily']) }}

-- The marts read this. dbt builds it only after the tests of stg_orders have passed: of a day that fails one, the last
-- good version stays.
select
    order_id,
    customer_id,
    ordered_at,
    amount_cents,
    received_on
from {{ ref('stg_orders') }}
where fault is null and {{ in_the_days_to_build('received_on') }}

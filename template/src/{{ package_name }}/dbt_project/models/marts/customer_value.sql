with by_customer as (

    select
        customer_id,
        count(*) as orders,
        cast(sum(amount_cents) as bigint) as lifetime_value_cents,
        min(ordered_at) as first_order_at,
        max(ordered_at) as last_order_at
    from {{ ref('fct_orders') }}
    group by customer_id

)

select
    by_customer.customer_id,
    customers.region,
    customers.segment,
    customers.signed_up_on,
    by_customer.orders,
    by_customer.lifetime_value_cents,
    by_customer.first_order_at,
    by_customer.last_order_at
from by_customer
left join {{ ref('stg_customers') }} as customers on by_customer.customer_id = customers.customer_id

select
    cast(date_trunc('month', orders.ordered_at) as date) as order_month,
    coalesce(customers.region, 'unknown') as region,
    count(*) as orders,
    cast(sum(orders.amount_cents) as bigint) as revenue_cents
from {{ ref('fct_orders') }} as orders
left join {{ ref('stg_customers') }} as customers on orders.customer_id = customers.customer_id
group by 1, 2

with totals as (

    select
        (select coalesce(sum(amount_cents), 0) from {{ ref('fct_orders') }}) as ordered,
        (select coalesce(sum(lifetime_value_cents), 0) from {{ ref('customer_value') }}) as by_customer,
        (select coalesce(sum(revenue_cents), 0) from {{ ref('monthly_revenue_by_region') }}) as by_region

)

select *
from totals
where ordered != by_customer or ordered != by_region

-- A day without a single order is a broken source, or has been withdrawn; closed weekdays have none.
with span as (

    {% if var('first_day') and var('last_day') %}
        select
            cast('{{ var("first_day") }}' as date) as first_day,
            cast('{{ var("last_day") }}' as date) as last_day
    {% else %}
        select
            min(received_on) as first_day,
            max(received_on) as last_day
        from {{ ref('stg_orders') }}
    {% endif %}

),

days as (

    {{ each_day_of('span') }}

)

select days.day
from days
left join {{ ref('stg_orders') }} as orders on days.day = orders.received_on
where
    orders.received_on is null
    {% if var('closed_weekdays') -%}
        and {{ weekday('days.day') }} not in ({{ var('closed_weekdays') | join(', ') }})
    {%- endif %}

// A list of orders that loads more of itself, as a Relay program would have it.
import { graphql } from 'relay-runtime';

export const query = graphql`
  query OrdersQuery($count: Int!, $after: String) {
    viewer {
      kind
    }
    ...Orders_list @arguments(count: $count, after: $after)
  }
`;

export const list = graphql`
  fragment Orders_list on Query
  @argumentDefinitions(count: { type: "Int!" }, after: { type: "String" })
  @refetchable(queryName: "OrdersPaginationQuery") {
    orders(first: $count, after: $after) @connection(key: "Orders_orders") {
      edges {
        node {
          id
          ...Orders_row
        }
      }
    }
  }
`;

export const row = graphql`
  fragment Orders_row on Order {
    number
    status
    total {
      amount
      currency
    }
    ...Order_messages @arguments(count: 2)
  }
`;

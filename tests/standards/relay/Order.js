// One order: found again by its id, with a conversation that loads more, a message to send and those that come.
import { graphql } from 'relay-runtime';

export const query = graphql`
  query OrderQuery($id: ID!) {
    node(id: $id) {
      __typename
      ...Order_messages @arguments(count: 20)
    }
  }
`;

export const messages = graphql`
  fragment Order_messages on Order
  @argumentDefinitions(count: { type: "Int!" }, after: { type: "String" })
  @refetchable(queryName: "OrderMessagesPaginationQuery") {
    number
    messages(first: $count, after: $after) @connection(key: "Order_messages") {
      edges {
        node {
          id
          text
        }
      }
    }
  }
`;

export const send = graphql`
  mutation OrderSendMessageMutation($input: SendMessageInput!) {
    sendMessage(input: $input) {
      __typename
      ... on SendMessageSuccess {
        sent {
          id
          text
        }
      }
      ... on Problem {
        code
        field
        message
      }
    }
  }
`;

export const added = graphql`
  subscription OrderMessageAddedSubscription($order: ID!, $after: Position) {
    messageAdded(orderId: $order, after: $after) {
      position
      message {
        id
        text
      }
    }
  }
`;

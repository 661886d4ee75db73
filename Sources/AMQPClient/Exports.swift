// The values of the wire are part of this module's own vocabulary: a declare takes a `FieldTable`, a message has
// `BasicProperties`, an error carries a `ReplyCode`. Whoever writes `import AMQPClient` has them, and no step has to
// name a second module for the sake of an argument table. The road not taken, a typealias each, would leave their
// members and literals to be found elsewhere. The attribute is underscored but stable in practice: the compiler ships
// overlays that depend on it.
// For the same reason: a configuration has a `TLSConfiguration`, and that is all of this module that is public.
@_exported import AMQPTLS
@_exported import AMQPWire

/// What can be wrong with deliveries that are out for too long: a line for each, with the decision that it sits at and what was
/// written there instead.
enum TimeoutQuirk: String, Quirk {
    /// closeIfTimedOut: the configuration's
    case timeoutIsTheBrokers = "session.timeout-is-the-brokers"
    /// Consumer.init: the queue's
    case consumersSayNoTimeout = "session.consumers-say-no-timeout"
    /// BrokerChannel.endsChannel: the consumer is gone, and that is all
    case timedOutConsumersAreNotTold = "session.timed-out-consumers-are-not-told"
    /// BrokerChannel.endsChannel: cancelled all the same
    case clientsKeepTheirChannels = "session.clients-keep-their-channels"
    /// takeBackOverdue: one is too late, and all go back
    case allThatIsHeldIsOverdue = "session.all-that-is-held-is-overdue"
    /// takeBack: what is not out can't be settled
    case lateAcksAreUnknown = "session.late-acks-are-unknown"
    /// takeBack: the consumer has failed
    case overdueIsAFailure = "session.overdue-is-a-failure"
}

@inline(__always) func quirk(_ quirk: TimeoutQuirk) -> Bool { isWrong(by: quirk) }

/// What can be wrong in how a queue goes by its policy: a line for each, with the decision that it sits at and what was
/// written there instead.
enum PolicyQuirk: String, Quirk {
    /// QueueArguments.lower: ??
    case policyNumbersWin = "queue.policy-numbers-win"
    /// QueueArguments.lower: ??, the other way round
    case argumentNumbersWin = "queue.argument-numbers-win"
    /// QueueArguments.combined: a line forgotten
    case policiesForgetTimes = "queue.policies-forget-times"
    /// QueueArguments.combined: a line forgotten
    case policiesForgetExpiry = "queue.policies-forget-expiry"
    /// QueueArguments.combined: a line forgotten
    case policiesForgetOctets = "queue.policies-forget-octets"
    /// QueueArguments.combined: a line forgotten
    case policiesForgetOverflow = "queue.policies-forget-overflow"
    /// QueueArguments.own: a line forgotten
    case policiesForgetDeadLetters = "queue.policies-forget-dead-letters"
    /// QueueArguments.deliveryLimit: a line forgotten
    case policiesForgetDeliveries = "queue.policies-forget-deliveries"
    /// QueueArguments.combined: a line forgotten
    case policiesForgetConsumers = "queue.policies-forget-consumers"
    /// QueueArguments.combined: a line forgotten
    case policiesForgetStrategies = "queue.policies-forget-strategies"
    /// QueueArguments.keepsOverflow: what the policy says
    case overflowIsThePolicys = "queue.overflow-is-the-policys"
    /// QueueArguments.keepsOverflow: what the queue says
    case overflowIsTheQuorumQueues = "queue.overflow-is-the-quorum-queues"
    /// QueueArguments.own: ??, the other way round
    case deadLettersGoByThePolicy = "queue.dead-letters-go-by-the-policy"
    /// QueueArguments.combined: both or none
    case keysComeWithTheirExchange = "queue.keys-come-with-their-exchange"
    /// QueueArguments.combined: an empty text says nothing
    case emptyExchangeIsNone = "queue.empty-exchange-is-none"
    /// QueueArguments.followLimits: as for other queues
    case streamsGoByTheLowerLimit = "queue.streams-go-by-the-lower-limit"
    /// QueueArguments.followLimits: ??, the other way round
    case streamsKeepTheirAge = "queue.streams-keep-their-age"
    /// QueueArguments.followLimits: a line forgotten
    case streamsKeepTheirSegments = "queue.streams-keep-their-segments"
    /// ClassicQueue.follow: the next message will see to it
    case newLimitsWait = "queue.new-limits-wait"
    /// ClassicQueue.follow: what was begun goes on
    case clearedLeaseRunsOn = "queue.cleared-lease-runs-on"
}

@inline(__always) func quirk(_ quirk: PolicyQuirk) -> Bool { isWrong(by: quirk) }

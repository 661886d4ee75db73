/// What can be wrong in how a connection begins and ends, and in what it takes: a line for each, with the decision that it
/// sits at and what was written there instead.
enum ConnectionQuirk: String, Quirk {
    /// Handshake.begin: there is one header
    case onlyOneHeaderIsTaken = "session.only-one-header-is-taken"
    /// Opening.beginHandshake: the buffer is emptied where the frames begin
    case whatFollowsTheHeaderIsLost = "session.what-follows-the-header-is-lost"
    /// Handshake.logIn: the locale has to be among those offered
    case localeHasToBeOffered = "session.locale-has-to-be-offered"
    /// Login.init: who to act for is passed over
    case firstPartOfPlainIsPassedOver = "session.first-part-of-plain-is-passed-over"
    /// Login.init: what stands behind the second zero is the password
    case passwordsHaveZeros = "session.passwords-have-zeros"
    /// Handshake.agree: 0 means what was offered
    case channelMaxZeroIsNoLimit = "session.channel-max-zero-is-no-limit"
    /// Handshake.agree: 0 means what was offered
    case frameMaxZeroIsNoLimit = "session.frame-max-zero-is-no-limit"
    /// Handshake.receive: a client that insists is refused
    case insistingIsRefused = "session.insisting-is-refused"
    /// Handshake.receive: capabilities that are named are none that are there
    case capabilitiesOfOpenAreRefused = "session.capabilities-of-open-are-refused"
    /// channel(for:): the text of channel.open has to be empty
    case channelOpenTakesNoText = "session.channel-open-takes-no-text"
    /// Failure.decoding: a ticket is one that was given
    case ticketsAreChecked = "session.tickets-are-checked"
    /// isOvertaken: a close that is there already is carried out before what came right before it
    case closesComeFirst = "session.closes-come-first"
    /// Liveness.check: silence is silence
    case silenceOfTheHeldBackCounts = "session.silence-of-the-held-back-counts"
    /// Output.content: what does not fit into a frame is left out
    case largeHeadersAreLeftOut = "session.large-headers-are-left-out"
    /// Failure.init: what is too large is an error in framing
    case tooLargeEndsTheConnection = "session.too-large-ends-the-connection"
    /// BrokerChannel.publishWhole: the limit that a later release has
    case sixteenMebibytesAreTheMost = "session.sixteen-mebibytes-are-the-most"
    /// BrokerError.replyText: 255 octets of it
    case reasonsAreCutAtAnOctet = "session.reasons-are-cut-at-an-octet"
    /// Handshake.begin: the last octet of the header is not looked at
    case headerRevisionIsNotCompared = "session.header-revision-is-not-compared"
    /// Handshake.receive: a heartbeat is no exception there
    case heartbeatEndsTheHandshake = "session.heartbeat-ends-the-handshake"
    /// Handshake.receive: the channel of connection.open is not compared
    case openIsTakenOnAnyChannel = "session.open-is-taken-on-any-channel"
    /// Handshake.agree: > instead of >= at the lower end
    case smallestFrameMaxIsRefused = "session.smallest-frame-max-is-refused"
    /// BrokerConnection.carryOut: 0 is taken for "as you like"
    case noHeartbeatMeansTheOffered = "session.no-heartbeat-means-the-offered"
    /// BrokerConnection.carryOut: every client hears of a refused login
    case closeIsToldWithoutTheCapability = "session.close-is-told-without-the-capability"
    /// Opening.open: an empty name is taken for the default one
    case emptyVirtualHostIsTheDefault = "session.empty-virtual-host-is-the-default"
    /// Opening.open: no permissions are taken for no limits
    case userWithoutRightsMayOpen = "session.user-without-rights-may-open"
    /// Opening.open: the deadline of the handshake is not taken back
    case handshakeDeadlineStays = "session.handshake-deadline-stays"
    /// Session.can: that it is named is enough
    case capabilityFalseCounts = "session.capability-false-counts"
    /// channel(for:): <= instead of < channel-max
    case oneChannelTooMany = "session.one-channel-too-many"
    /// handleClosing: a client's own close is passed over
    case crossingCloseIsNotAnswered = "session.crossing-close-is-not-answered"
    /// BrokerConnection.deletionOfExclusiveQueues: if instead of while
    case onlyTheFirstExclusiveQueueGoes = "session.only-the-first-exclusive-queue-goes"
    /// BrokerConnection.deletionOfExclusiveQueues: only a connection that is closed loses them
    case abortedConnectionKeepsItsQueues = "session.aborted-connection-keeps-its-queues"
    /// beginHeartbeats: the interval is kept in eight bits
    case heartbeatIsAnOctet = "session.heartbeat-is-an-octet"
    /// check: one interval instead of two
    case oneSilentIntervalIsEnough = "session.one-silent-interval-is-enough"
    /// Liveness.noteHeartbeat: the line was in use
    case trafficIsTraffic = "session.traffic-is-traffic"
    /// handleTimer: the timer is not set again behind a heartbeat
    case secondHeartbeatIsNotSent = "session.second-heartbeat-is-not-sent"
    /// LargeContent.writeBody: a part is cut into frames without their overhead
    case partsExceedTheFrameMax = "session.parts-exceed-the-frame-max"
    /// write: what is small does not wait for the rest of a large body
    case smallFramesOvertakeALargeBody = "session.small-frames-overtake-a-large-body"
    /// content: only what is copied whole is looked at for BCC
    case bccStaysInLargeMessages = "session.bcc-stays-in-large-messages"
    /// noteAnswers: one channel of a turn is noted
    case secondChannelsConfirmsWait = "session.second-channels-confirms-wait"
    /// Login: LOGIN has to come first in the table
    case amqplainWantsItsOrder = "session.amqplain-wants-its-order"
    /// setUnsent: consumers that waited for the output are not looked at
    case slowReaderIsForgotten = "session.slow-reader-is-forgotten"
    /// setBacklog: the next part of a large body is not announced
    case restOfALargeBodyIsForgotten = "session.rest-of-a-large-body-is-forgotten"
    /// noteReceived: other octets are no sign of life
    case onlyHeartbeatsAreLife = "session.only-heartbeats-are-life"
    /// content: where BCC is taken out, the limit is not at hand
    case changedContentsHaveLargeFrames = "session.changed-contents-have-large-frames"
    /// handleStreamEnd: the slices behind the first are forgotten
    case lostConnectionStopsItsWork = "session.lost-connection-stops-its-work"
    /// deletionOfExclusiveQueues: the slices behind the first are forgotten
    case exclusiveQueuesGoInOneSlice = "session.exclusive-queues-go-in-one-slice"
    /// LargeContent.writeBody: a frame that is not full tells the end
    case exactPartsEndEmpty = "session.exact-parts-end-empty"
    /// handleTimer: a close is the last that is sent
    case closingIsSilent = "session.closing-is-silent"
    /// checkThrottle: what the client can is not asked
    case everybodyIsToldOfAlarms = "session.everybody-is-told-of-alarms"
    /// endTurn: whoever sends something
    case alarmsHoldBackEverybody = "session.alarms-hold-back-everybody"
    /// Throttle.check: there is one alarm
    case endOfMemorysAlarmIsTheEnd = "session.end-of-memorys-alarm-is-the-end"
    /// Throttle.check: once in a connection's life
    case secondAlarmIsNotTold = "session.second-alarm-is-not-told"
}

@inline(__always) func quirk(_ quirk: ConnectionQuirk) -> Bool { isWrong(by: quirk) }

/// What can be wrong in how a connection begins and ends, and in what it takes: a line for each, with the decision that it
/// sits at and what was written there instead.
enum HandshakeQuirk: String, Quirk {
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
    /// BrokerChannel.published: the limit that a later release has
    case sixteenMebibytesAreTheMost = "session.sixteen-mebibytes-are-the-most"
    /// BrokerError.replyText: 255 octets of it
    case reasonsAreCutAtAnOctet = "session.reasons-are-cut-at-an-octet"
}

@inline(__always) func quirk(_ quirk: HandshakeQuirk) -> Bool { isWrong(by: quirk) }

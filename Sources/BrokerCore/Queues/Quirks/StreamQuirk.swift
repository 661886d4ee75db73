/// What can be wrong in a stream: a line for each, with the decision that it sits at and what was written there instead.
enum StreamQuirk: String, Quirk {
    /// StreamLog.place: the oldest is looked for where the next comes
    case streamsBeginAtTheirEnd = "queue.stream-first-is-next"
    /// StreamLog.place: one too many
    case lastIsNext = "queue.stream-last-is-next"
    /// StreamLog.place: the wrong end of the row
    case lastIsFirst = "queue.stream-last-is-first"
    /// StreamStart.init: no offset means all there is
    case silenceMeansFirst = "queue.stream-silence-means-first"
    /// StreamLog.place: an offset behind the end is cut to it
    case offsetsToComeAreNext = "queue.stream-offsets-to-come-are-next"
    /// StreamLog.place: offsets are taken to begin at 1
    case offsetsAreOneEarly = "queue.stream-offsets-are-one-early"
    /// StreamLog.place: times are not looked up
    case timesMeanFirst = "queue.stream-times-mean-first"
    /// StreamLog.place: every time is one to come
    case timesMeanNext = "queue.stream-times-mean-next"
    /// StreamQueue.add: a consumer begins where another has got to
    case readersShareAPlace = "queue.stream-readers-share-a-place"
    /// StreamQueue.publish: one of those that wait reads on
    case newsReachOneReader = "queue.stream-news-reach-one-reader"
    /// StreamQueue.takeBack: who has read everything is forgotten
    case readersStopAtTheEnd = "queue.stream-readers-stop-at-the-end"
    /// StreamQueue.read: the slices behind the first are forgotten
    case readingEndsWithItsFirstSlice = "queue.stream-reading-ends-with-its-first-slice"
    /// StreamQueue.handOut: what could have been read before is marked
    case whatIsNotNewIsRedelivered = "queue.stream-what-is-not-new-is-redelivered"
    /// StreamQueue.publish: limits are not looked at
    case nothingIsGivenUp = "queue.stream-nothing-is-given-up"
    /// StreamQueue.retainSlice: the octets alone are looked at
    case agesMeanNothing = "queue.stream-ages-mean-nothing"
    /// StreamLog.isFull: a segment ends with each message
    case segmentsAreMessages = "queue.stream-segments-are-messages"
    /// StreamLog.some: below the oldest there is nothing
    case lostPlacesAreWaitedAt = "queue.stream-lost-places-are-waited-at"
    /// StreamQueue.publish: those that wait are woken when nobody reads
    case newsWaitForReaders = "queue.stream-news-wait-for-readers"
    /// StreamQueue.closeUp: all that wait go with those that are gone
    case closingUpLosesReaders = "queue.stream-closing-up-loses-readers"
    /// StreamQueue.retainSlice: the log is not told
    case givenUpAreNotWritten = "queue.stream-given-up-are-not-written"
    /// StreamQueue.restore: offsets are counted from what is there
    case restoredOffsetsStartAnew = "queue.stream-restored-offsets-start-anew"
    /// StreamQueue.dismissConsumers: the first
    case oneReaderIsTold = "queue.stream-one-reader-is-told"
    /// StreamLog.popFirst: only octets are counted out
    case givenUpStayCounted = "queue.stream-given-up-stay-counted"
    /// StreamLog.popFirst: only messages are counted out
    case givenUpOctetsStayCounted = "queue.stream-given-up-octets-stay-counted"
    /// StreamLog.append: where a run begins, its segment has room
    case runsAreInOneSegment = "queue.stream-runs-are-in-one-segment"
    /// StreamLog.add: only messages are counted
    case restoredAreNotCounted = "queue.stream-restored-are-not-counted"
    /// StreamLog.replaceOldestBlock: what is not in memory is gone
    case letGoAreNotCounted = "queue.stream-let-go-are-not-counted"
    /// StreamSegment.offset: where a run is, its first message is
    case runsHaveOneTime = "queue.stream-runs-have-one-time"
    /// StreamQueue.handOut: room is looked at once a turn
    case turnsGoToTheirEnd = "queue.stream-turns-go-to-their-end"
    /// StreamLog.popDropped: else if
    case streamAgeAloneCounts = "queue.stream-age-alone-counts"
}

@inline(__always) func quirk(_ quirk: StreamQuirk) -> Bool { isWrong(by: quirk) }

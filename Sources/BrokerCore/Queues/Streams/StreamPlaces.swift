extension StreamLog {
    /// Where a consumer begins. An offset that is not there yet is waited for.
    func place(of wish: StreamStart) -> UInt64 {
        let (first, end) = (start, end)
        switch wish {
        case .first: return first < end && quirk(.streamsBeginAtTheirEnd) ? end : first
        case .last:
            if count > 1, quirk(.lastIsFirst) { return first }
            guard let last, !quirk(.lastIsNext) else { return end }
            return last
        case .next: return end
        case .offset(let offset):
            if offset > end, quirk(.offsetsToComeAreNext) { return end }
            return offset > 0 && quirk(.offsetsAreOneEarly) ? offset - 1 : offset
        case .time(let time):
            if quirk(.timesMeanFirst) { return first }
            return quirk(.timesMeanNext) ? end : offset(notBefore: time)
        }
    }
}

extension QueuedMessage {
    /// A stream's message at its offset. It never expires; when it came in stands in that place.
    init(_ entry: StreamLog.Entry, at offset: UInt64) {
        self.init(message: entry.message, position: offset, expiresAt: entry.time, failureCount: 0)
    }
}

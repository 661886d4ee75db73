/// The open channels by number, each changed where it lies.
///
/// A dictionary would move a channel's whole state out and back for each frame. A class for the state would not, but it
/// would not be a value any more that may be sent to another task; places in an array are both.
struct ChannelTable: Sendable {
    private var slots: [ChannelState?] = []
    private var places: [UInt16: Int] = [:]
    private var free: [Int] = []
    /// Whose turn it was last; mostly it is the same one's again.
    private var last: (number: UInt16, place: Int)?

    var numbers: [UInt16] { Array(places.keys) }

    func contains(_ number: UInt16) -> Bool { place(of: number) != nil }

    subscript(number: UInt16) -> ChannelState? {
        _read {
            if let place = place(of: number) { yield slots[place] } else { yield nil }
        }
        _modify {
            if let place = place(of: number) {
                last = (number, place)
                yield &slots[place]
                if case nil = slots[place] { vacate(place, number) }
            } else {
                var channel: ChannelState?
                yield &channel
                if let channel { place(channel, number) }
            }
        }
    }

    mutating func removeAll() { self = ChannelTable() }

    private func place(of number: UInt16) -> Int? {
        if let last, last.number == number { return last.place }
        return places[number]
    }

    private mutating func vacate(_ place: Int, _ number: UInt16) {
        places[number] = nil
        last = nil
        free.append(place)
    }

    private mutating func place(_ channel: ChannelState, _ number: UInt16) {
        if let place = free.popLast() {
            slots[place] = channel
            places[number] = place
        } else {
            places[number] = slots.count
            slots.append(channel)
        }
    }
}

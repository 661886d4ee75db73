/// How many elements a structure keeps room for when it needs none of it: a client may have ten thousand that were large
/// once. Above, it gives back what it has when an eighth would do, so that each element taken out pays for a part of that.
@inlinable var mostKept: Int { 64 }

extension Array {
    /// Gives room back that isn't needed any more; see ``mostKept``.
    @inlinable public mutating func shrink() {
        guard capacity > mostKept, count < capacity / 8 else { return }
        Steps.take(count)
        var moved: [Element] = []
        moved.reserveCapacity(2 * count)
        moved.append(contentsOf: self)
        self = moved
    }
}

/// A first-in first-out buffer: putting in and taking out cost the same however many wait, on average and each time.
///
/// A thousand elements stand in one array, round which they go. What comes when that is full waits behind it in arrays of
/// its own, one for each thousand: if all were in one, a ring of a million would be moved as a whole when it grows, and
/// everybody would wait. What was taken leaves its slot at once, so that nothing lives on in a dead end.
@frozen public struct Ring<Element> {
    @usableFromInline var slots: [Element?] = []
    @usableFromInline var head = 0
    @usableFromInline var used = 0
    /// What waits behind them. All are full except the last; those before `firstPart` are used up.
    @usableFromInline var parts: [[Element?]] = []
    @usableFromInline var firstPart = 0
    @usableFromInline var behind = 0

    /// A power of two.
    @inlinable static var mostSlots: Int { 1024 }

    @inlinable public init() {}

    @inlinable public var count: Int { used + behind }
    @inlinable public var isEmpty: Bool { used == 0 }
    @inlinable public var first: Element? { used == 0 ? nil : slots[head] }

    /// The element `place` behind the first. The caller knows that there is one.
    @inlinable public subscript(place: Int) -> Element {
        get {
            let other = place - used
            guard place < count,
                let element = other < 0
                    ? slots[slot(place)] : parts[firstPart + other / Self.mostSlots][other % Self.mostSlots]
            else { preconditionFailure("there is no such place") }
            return element
        }
        set {
            precondition(place < count)
            let other = place - used
            if other < 0 {
                slots[slot(place)] = newValue
            } else {
                parts[firstPart + other / Self.mostSlots][other % Self.mostSlots] = newValue
            }
        }
    }

    /// How many elements there are before the first for which this doesn't hold.
    @inlinable public func prefixCount(where holds: (Element) -> Bool) -> Int {
        var place = 0
        while place < count, holds(self[place]) { place += 1 }
        Steps.take(place)
        return place
    }

    @inlinable func slot(_ place: Int) -> Int { (head + place) & (slots.count - 1) }

    @inlinable public mutating func append(_ element: Element) {
        Steps.take()
        if behind > 0 || used == slots.count {
            if behind > 0 || used == Self.mostSlots { return appendBehind(element) }
            grow()
        }
        slots[slot(used)] = element
        used += 1
    }

    @inlinable mutating func appendBehind(_ element: Element) {
        if behind % Self.mostSlots == 0 {
            var part: [Element?] = []
            part.reserveCapacity(Self.mostSlots)
            parts.append(part)
        }
        parts[parts.count - 1].append(element)
        behind += 1
    }

    @inlinable public mutating func popFirst() -> Element? {
        guard used > 0 else { return nil }
        Steps.take()
        defer {
            slots[head] = nil
            head = (head + 1) & (slots.count - 1)
            used -= 1
            if used == 0, behind > 0 || slots.count > mostKept {
                refill()
            } else if used < slots.count / 8, slots.count > mostKept, behind == 0 {
                resize(to: slots.count / 4)
            }
        }
        return slots[head]
    }

    @inlinable public mutating func removeAll() { self = Ring() }

    /// Removes the elements for which `isGone` holds; takes time in proportion to ``count``.
    @inlinable public mutating func removeAll(where isGone: (Element) -> Bool) {
        var kept = Ring()
        for element in self where !isGone(element) { kept.append(element) }
        self = kept
    }

    /// Makes twice as many slots; there are always a power of two, so that a place is found by masking. Not more: thousands of
    /// queues that hold a few hundred messages each would take up twice of what is counted for them.
    @inlinable mutating func grow() { resize(to: Swift.max(8, slots.count * 2)) }

    @inlinable mutating func resize(to capacity: Int) {
        Steps.take(used)
        var moved: [Element?] = []
        moved.reserveCapacity(capacity)
        for place in 0..<used { moved.append(slots[slot(place)]) }
        moved.append(contentsOf: repeatElement(nil, count: capacity - used))
        (slots, head) = (moved, 0)
    }

    /// Has the next part take the place of the slots, which are all empty. A backlog that was worked off gives its memory
    /// back.
    @inlinable mutating func refill() {
        (slots, head) = ([], 0)
        guard behind > 0 else { return }
        swap(&slots, &parts[firstPart])
        firstPart += 1
        used = slots.count
        behind -= used
        slots.append(contentsOf: repeatElement(nil, count: Self.mostSlots - used))
        if firstPart * 2 >= parts.count { (parts, firstPart) = (Array(parts[firstPart...]), 0) }
    }
}

extension Ring: Sendable where Element: Sendable {}

extension Ring: Sequence {
    /// The elements, the oldest first.
    @inlinable public func makeIterator() -> AnyIterator<Element> {
        var place = 0
        return AnyIterator {
            guard place < count else { return nil }
            Steps.take()
            defer { place += 1 }
            return self[place]
        }
    }
}

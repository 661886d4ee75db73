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

/// A first-in first-out buffer in one array: putting in and taking out cost the same however many wait, on average.
///
/// What was taken leaves its slot at once, so that nothing lives on in a dead end.
@frozen public struct Ring<Element> {
    @usableFromInline var slots: [Element?] = []
    @usableFromInline var head = 0
    @usableFromInline var used = 0

    @inlinable public init() {}

    @inlinable public var count: Int { used }
    @inlinable public var isEmpty: Bool { used == 0 }
    @inlinable public var first: Element? { used == 0 ? nil : slots[head] }

    /// The element `place` behind the first. The caller knows that there is one.
    @inlinable public subscript(place: Int) -> Element {
        get {
            guard place < used, let element = slots[slot(place)] else { preconditionFailure("there is no such place") }
            return element
        }
        set {
            precondition(place < used)
            slots[slot(place)] = newValue
        }
    }

    /// How many elements there are before the first for which this doesn't hold.
    @inlinable public func prefixCount(where holds: (Element) -> Bool) -> Int {
        var count = 0
        while count < used, let element = slots[slot(count)], holds(element) { count += 1 }
        Steps.take(count)
        return count
    }

    @inlinable func slot(_ place: Int) -> Int { (head + place) & (slots.count - 1) }

    @inlinable public mutating func append(_ element: Element) {
        Steps.take()
        if used == slots.count { grow(to: used + 1) }
        slots[slot(used)] = element
        used += 1
    }

    @inlinable public mutating func popFirst() -> Element? {
        guard used > 0 else { return nil }
        Steps.take()
        defer {
            slots[head] = nil
            head = (head + 1) & (slots.count - 1)
            used -= 1
            // A backlog that was worked off gives its memory back.
            if slots.count > mostKept, used < slots.count / 8 { resize(to: slots.count / 4) }
        }
        return slots[head]
    }

    /// Makes room for so many elements in all.
    @inlinable public mutating func reserve(_ wanted: Int) { if wanted > slots.count { grow(to: wanted) } }

    @inlinable public mutating func removeAll() { self = Ring() }

    /// Removes the elements for which `isGone` holds; takes time in proportion to ``count``.
    @inlinable public mutating func removeAll(where isGone: (Element) -> Bool) {
        var kept = Ring()
        for element in self where !isGone(element) { kept.append(element) }
        self = kept
    }

    /// Doubles the capacity until there are so many places; it is always a power of two, so that a place is found by
    /// masking.
    @inlinable mutating func grow(to wanted: Int) {
        var capacity = Swift.max(4, slots.count * 2)
        while capacity < wanted { capacity *= 2 }
        resize(to: capacity)
    }

    @inlinable mutating func resize(to capacity: Int) {
        Steps.take(count)
        var moved: [Element?] = []
        moved.reserveCapacity(capacity)
        for place in 0..<count { moved.append(slots[slot(place)]) }
        moved.append(contentsOf: repeatElement(nil, count: capacity - count))
        slots = moved
        head = 0
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

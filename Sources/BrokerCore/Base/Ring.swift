/// A first-in first-out buffer in one array.
struct Ring<Element> {
    private var slots: [Element?] = []
    private var head = 0
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }
    var first: Element? { count == 0 ? nil : slots[head] }

    mutating func append(_ element: Element) {
        Steps.take()
        if count == slots.count { grow() }
        slots[(head + count) & (slots.count - 1)] = element
        count += 1
    }

    mutating func popFirst() -> Element? {
        guard count > 0 else { return nil }
        Steps.take()
        defer {
            slots[head] = nil
            head = (head + 1) & (slots.count - 1)
            count -= 1
            // A backlog that was worked off gives its memory back.
            if count == 0, slots.count > 1024 { (slots, head) = ([], 0) }
        }
        return slots[head]
    }

    /// Puts another element in the place of the first.
    mutating func replaceFirst(_ element: Element) { if count > 0 { slots[head] = element } }

    /// Removes the elements for which `isGone` holds; takes time in proportion to ``count``.
    mutating func removeAll(where isGone: (Element) -> Bool) {
        var kept = Ring()
        for element in self where !isGone(element) { kept.append(element) }
        self = kept
    }

    /// Doubles the capacity; it is always a power of two, so that a place is found by masking.
    private mutating func grow() {
        Steps.take(count)
        var larger: [Element?] = []
        larger.reserveCapacity(Swift.max(8, slots.count * 2))
        for offset in 0..<count { larger.append(slots[(head + offset) & (slots.count - 1)]) }
        larger.append(contentsOf: repeatElement(nil, count: Swift.max(8, slots.count * 2) - count))
        slots = larger
        head = 0
    }
}

extension Ring: Sequence {
    func makeIterator() -> AnyIterator<Element> {
        var offset = 0
        return AnyIterator {
            guard offset < count else { return nil }
            Steps.take()
            defer { offset += 1 }
            return slots[(head + offset) & (slots.count - 1)]
        }
    }
}

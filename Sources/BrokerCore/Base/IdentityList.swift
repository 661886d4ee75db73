import DataStructures

/// Objects in the order they were added; adding and removing one costs the same however many there are.
///
/// Most lists are short, and a short one is searched. A long one knows its objects' places; what is removed leaves a
/// hole, and holes are closed up when they are the greater part, a few with each that is removed: a list may have a million.
struct IdentityList<Element> {
    private var slots: [(identity: ObjectIdentifier, element: Element)?] = []
    private var places = DividedDictionary<ObjectIdentifier, Int>()
    private(set) var count = 0
    /// The place of the first; no holes come before it.
    private var front = 0
    /// Holes are being closed up: what stands before `next` has been moved to before `whole`.
    private var closing: (whole: Int, next: Int)?

    private static var mostSearched: Int { 16 }
    /// So many places are looked at with each removal, while holes are being closed up.
    private static var placesOfRemoval: Int { 8 }

    var isEmpty: Bool { count == 0 }
    var first: Element? {
        // Holes before it are passed once, not at each look.
        front < slots.count ? slots[front]?.element : nil
    }

    mutating func add(_ element: Element, _ identity: ObjectIdentifier) {
        Steps.take()
        slots.append((identity, element))
        count += 1
        if !places.isEmpty {
            places[identity] = slots.count - 1
        } else if slots.count > Self.mostSearched {
            reindex()
        }
    }

    func contains(_ identity: ObjectIdentifier) -> Bool {
        Steps.take(places.isEmpty ? slots.count : 1)
        return places.isEmpty ? slots.contains { $0?.identity == identity } : places[identity] != nil
    }

    /// Nothing happens for one that is not there.
    mutating func remove(_ identity: ObjectIdentifier) {
        Steps.take(places.isEmpty ? slots.count : 1)
        if places.isEmpty {
            guard let place = slots.firstIndex(where: { $0?.identity == identity }) else { return }
            slots.remove(at: place)
            count -= 1
        } else {
            guard let place = places.removeValue(forKey: identity) else { return }
            slots[place] = nil
            count -= 1
            while front < slots.count, slots[front] == nil {
                Steps.take()
                front += 1
            }
            closeUp()
        }
    }

    /// Hands over all of them.
    mutating func takeAll() -> Self {
        defer { self = Self() }
        return self
    }

    /// Takes out the first.
    mutating func popFirst() -> Element? {
        guard front < slots.count, let (identity, element) = slots[front] else { return nil }
        remove(identity)
        return element
    }

    func first(where matches: (Element) -> Bool) -> Element? {
        for slot in slots[min(front, slots.count)...] {
            Steps.take()
            if let slot, matches(slot.element) { return slot.element }
        }
        return nil
    }

    @inline(__always)
    func forEach(_ body: (Element) -> Void) {
        Steps.take(slots.count)
        for slot in slots { if let slot { body(slot.element) } }
    }

    var all: [Element] {
        Steps.take(slots.count)
        return slots.compactMap { $0?.element }
    }

    private mutating func closeUp() {
        guard var (whole, next) = closing ?? (count * 2 < slots.count ? (0, 0) : nil) else { return }
        let end = min(next + Self.placesOfRemoval, slots.count)
        Steps.take(end - next)
        while next < end {
            if let slot = slots[next] {
                slots[next] = nil
                slots[whole] = slot
                places[slot.identity] = whole
                if whole < front, !quirk(.closedUpListKeepsItsFront) { front = whole }
                whole += 1
            }
            next += 1
        }
        if next < slots.count { return closing = (whole, next) }
        closing = nil
        slots.removeSubrange(whole...)
        if slots.capacity > 4 * slots.count { slots = slots.map { $0 } }
        guard slots.count <= Self.mostSearched else { return }
        // What was moved and removed meanwhile has left holes again, and a short list has none.
        slots.removeAll { $0 == nil }
        if front == 0 || !quirk(.closedUpListKeepsItsFront) { front = 0 }
        places = DividedDictionary()
    }

    private mutating func reindex() {
        for (place, slot) in slots.enumerated() { if let slot { places[slot.identity] = place } }
    }
}

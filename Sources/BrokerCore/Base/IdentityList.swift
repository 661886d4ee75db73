import DataStructures

/// Objects in the order they were added; adding and removing one costs the same however many there are.
///
/// Most lists are short, and a short one is searched. A long one knows its objects' places; what is removed leaves a
/// hole, and holes are closed up when they are the greater part.
struct IdentityList<Element> {
    private var slots: [(identity: ObjectIdentifier, element: Element)?] = []
    private var places = DividedDictionary<ObjectIdentifier, Int>()
    private(set) var count = 0
    /// The place of the first; no holes come before it.
    private var front = 0

    private static var mostSearched: Int { 16 }

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
            if count * 2 < slots.count { closeUp() }
        }
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
        Steps.take(slots.count)
        slots = slots.filter { $0 != nil }
        if front == 0 || !quirk(.closedUpListKeepsItsFront) { front = 0 }
        places = DividedDictionary()
        if slots.count > Self.mostSearched { reindex() }
    }

    private mutating func reindex() {
        for (place, slot) in slots.enumerated() { if let slot { places[slot.identity] = place } }
    }
}

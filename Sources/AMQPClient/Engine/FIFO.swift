/// First in, first out, both in constant time on average.
///
/// An array with a moving head: `Array.removeFirst` would move all that is left each time. What has been taken leaves
/// its slot at once, so that a message does not live on in a queue's dead end.
struct FIFO<Element: Sendable>: Sendable {
    private var slots: [Element?] = []
    private var head = 0

    var count: Int { slots.count - head }
    var isEmpty: Bool { head == slots.count }
    var first: Element? { isEmpty ? nil : slots[head] }

    /// All of them, the oldest first.
    var elements: [Element] { slots[head...].compactMap { $0 } }

    /// The element `place` behind the oldest. The caller knows that there is one.
    subscript(place: Int) -> Element? {
        get { slots[head + place] }
        set { slots[head + place] = newValue }
    }

    mutating func append(_ element: Element) { slots.append(element) }

    mutating func popFirst() -> Element? {
        guard !isEmpty else { return nil }
        defer { compact() }
        let element = slots[head]
        slots[head] = nil
        head += 1
        return element
    }

    mutating func removeAll() {
        slots = []
        head = 0
    }

    /// Removes the elements that fit; returns how many they were.
    @discardableResult
    mutating func removeAll(where fits: (Element) -> Bool) -> Int {
        let before = count
        slots = elements.filter { !fits($0) }
        head = 0
        return before - count
    }

    private mutating func compact() {
        if head == slots.count {
            slots.removeAll(keepingCapacity: slots.capacity <= 1024)
            head = 0
        } else if head >= 64, head > slots.count / 2 {
            slots.removeFirst(head)
            head = 0
        }
    }
}

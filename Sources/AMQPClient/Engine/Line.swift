import DataStructures

/// Those who wait their turn, the longest waiting first. Leaving the line from anywhere takes constant time on average:
/// a place that was left stays in the order until it is reached, or until such places are the greater part.
struct Line<Element: Sendable>: Sendable {
    /// The one who came while nobody waited, which is most: without a table.
    private var first: (id: UInt64, element: Element)?
    /// Those behind it.
    private var order = Ring<UInt64>()
    private var waiting: [UInt64: Element] = [:]

    var isEmpty: Bool { first == nil && waiting.isEmpty }
    var count: Int { waiting.count + (first == nil ? 0 : 1) }
    /// The longest waiting first.
    var elements: [Element] { (first.map { [$0.element] } ?? []) + order.compactMap { waiting[$0] } }

    func contains(_ id: UInt64) -> Bool { first?.id == id || waiting[id] != nil }

    mutating func append(_ element: Element, as id: UInt64) {
        if isEmpty {
            first = (id, element)
        } else {
            order.append(id)
            waiting[id] = element
        }
    }

    mutating func popFirst() -> Element? {
        if let (_, element) = first {
            first = nil
            return element
        }
        while let id = order.popFirst() {
            if let element = waiting.removeValue(forKey: id) { return element }
        }
        return nil
    }

    @discardableResult
    mutating func remove(_ id: UInt64) -> Element? {
        Steps.take()
        if first?.id == id { return popFirst() }
        guard let element = waiting.removeValue(forKey: id) else { return nil }
        if order.count > 2 * waiting.count + 32 {
            order.removeAll { waiting[$0] == nil }
        }
        return element
    }

    /// Empties the line; returns who was in it, the longest waiting first.
    mutating func removeAll() -> [Element] {
        defer { self = Line() }
        return elements
    }
}

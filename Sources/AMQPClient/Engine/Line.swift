import DataStructures

/// Those who wait their turn, the longest waiting first. Leaving the line from anywhere takes constant time on average:
/// a place that was left stays in the order until it is reached, or until such places are the greater part.
struct Line<Element: Sendable>: Sendable {
    private var order = Ring<UInt64>()
    private var waiting: [UInt64: Element] = [:]

    var isEmpty: Bool { waiting.isEmpty }
    var count: Int { waiting.count }
    /// The longest waiting first.
    var elements: [Element] { order.compactMap { waiting[$0] } }

    func contains(_ id: UInt64) -> Bool { waiting[id] != nil }

    mutating func append(_ element: Element, as id: UInt64) {
        order.append(id)
        waiting[id] = element
    }

    mutating func popFirst() -> Element? {
        while let id = order.popFirst() {
            if let element = waiting.removeValue(forKey: id) { return element }
        }
        return nil
    }

    @discardableResult
    mutating func remove(_ id: UInt64) -> Element? {
        Steps.take()
        guard let element = waiting.removeValue(forKey: id) else { return nil }
        if order.count > 2 * waiting.count + 32 {
            order.removeAll { waiting[$0] == nil }
        }
        return element
    }

    /// Empties the line; returns who was in it, the longest waiting first.
    mutating func removeAll() -> [(id: UInt64, element: Element)] {
        defer { self = Line() }
        return order.compactMap { id in waiting[id].map { (id, $0) } }
    }
}

/// What can stand in a ``Heap``.
protocol HeapElement {
    func comes(before other: Self) -> Bool
}

/// A binary heap: whatever comes first is at hand, and putting in and taking out cost the logarithm of its size.
struct Heap<Element: HeapElement> {
    private(set) var elements: [Element] = []

    var count: Int { elements.count }
    var isEmpty: Bool { elements.isEmpty }
    var first: Element? { elements.first }

    mutating func insert(_ element: Element) {
        Steps.take()
        elements.append(element)
        var child = elements.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard elements[child].comes(before: elements[parent]) else { break }
            Steps.take()
            elements.swapAt(child, parent)
            child = parent
        }
    }

    mutating func popFirst() -> Element? {
        guard let first = elements.first, let last = elements.popLast() else { return nil }
        if !elements.isEmpty {
            elements[0] = last
            sink(0)
        }
        return first
    }

    /// Keeps the elements for which `isKept` holds; takes time in proportion to ``count``.
    mutating func keep(where isKept: (Element) -> Bool) {
        Steps.take(elements.count)
        elements = elements.filter(isKept)
        for parent in stride(from: elements.count / 2 - 1, through: 0, by: -1) { sink(parent) }
    }

    private mutating func sink(_ start: Int) {
        var parent = start
        while true {
            Steps.take()
            var least = parent
            for child in (2 * parent + 1)...(2 * parent + 2) where child < elements.count {
                if elements[child].comes(before: elements[least]) { least = child }
            }
            if least == parent { return }
            elements.swapAt(parent, least)
            parent = least
        }
    }
}

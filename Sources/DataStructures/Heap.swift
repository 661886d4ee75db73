/// What can stand in a ``Heap``.
public protocol HeapElement {
    func comes(before other: Self) -> Bool
}

/// A binary heap: whatever comes first is at hand, and putting in and taking out cost the logarithm of its size.
@frozen public struct Heap<Element: HeapElement> {
    @usableFromInline var storage: [Element] = []

    @inlinable public init() {}

    /// In no order that means anything.
    @inlinable public var elements: [Element] { storage }
    @inlinable public var count: Int { storage.count }
    @inlinable public var isEmpty: Bool { storage.isEmpty }
    @inlinable public var first: Element? { storage.first }

    @inlinable public mutating func insert(_ element: Element) {
        Steps.take()
        storage.append(element)
        var child = storage.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard storage[child].comes(before: storage[parent]) else { break }
            Steps.take()
            storage.swapAt(child, parent)
            child = parent
        }
    }

    @inlinable public mutating func popFirst() -> Element? {
        guard let first = storage.first, let last = storage.popLast() else { return nil }
        if !storage.isEmpty {
            storage[0] = last
            sink(0)
        }
        storage.shrink()
        return first
    }

    /// Takes out the one that stands at the end, which may come anywhere; the others stand where they stood.
    @inlinable public mutating func popLast() -> Element? {
        Steps.take()
        defer { storage.shrink() }
        return storage.popLast()
    }

    /// Keeps the storage for which `isKept` holds; takes time in proportion to ``count``.
    @inlinable public mutating func keep(where isKept: (Element) -> Bool) {
        Steps.take(storage.count)
        storage = storage.filter(isKept)
        for parent in stride(from: storage.count / 2 - 1, through: 0, by: -1) { sink(parent) }
    }

    @inlinable mutating func sink(_ start: Int) {
        var parent = start
        while true {
            Steps.take()
            var least = parent
            for child in (2 * parent + 1)...(2 * parent + 2) where child < storage.count {
                if storage[child].comes(before: storage[least]) { least = child }
            }
            if least == parent { return }
            storage.swapAt(parent, least)
            parent = least
        }
    }
}

extension Heap: Sendable where Element: Sendable {}

/// An array that is never moved as a whole when it grows: its elements stand in parts of some thousand.
@frozen public struct DividedArray<Element> {
    @usableFromInline var parts: [[Element]] = []

    /// So many bits of a place say where in its part it is.
    @inlinable static var bits: Int { 12 }
    @inlinable static var mask: Int { 1 << bits - 1 }

    @inlinable public init() {}

    @inlinable public var count: Int {
        guard let last = parts.last else { return 0 }
        return (parts.count - 1) << Self.bits + last.count
    }

    @inlinable public subscript(place: Int) -> Element {
        get { parts[place >> Self.bits][place & Self.mask] }
        _modify { yield &parts[place >> Self.bits][place & Self.mask] }
    }

    @inlinable public mutating func append(_ element: Element) {
        if parts.last?.count ?? Self.mask + 1 == Self.mask + 1 {
            parts.append([])
            if parts.count > 1 { parts[parts.count - 1].reserveCapacity(Self.mask + 1) }
        }
        parts[parts.count - 1].append(element)
    }
}

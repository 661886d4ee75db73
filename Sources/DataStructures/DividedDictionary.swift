/// A dictionary that never grows all at once. A large one is divided among many small ones, which grow each in its own
/// time: a table of a hundred thousand would make everybody wait for a tenth of a second while it does.
@frozen public struct DividedDictionary<Key: Hashable, Value> {
    /// All entries, as long as they are few; then none.
    @usableFromInline var whole: [Key: Value] = [:]
    /// As many as ``partCount``, or none.
    @usableFromInline var parts: [[Key: Value]] = []
    @usableFromInline var used = 0

    @inlinable public var count: Int { used }

    @inlinable static var mostWhole: Int { 2048 }
    /// A power of two.
    @inlinable static var partCount: Int { 64 }

    @inlinable public init() {}

    @inlinable public var isEmpty: Bool { used == 0 }

    /// In no particular order.
    @inlinable public var values: [Value] {
        Steps.take(used)
        return parts.isEmpty ? Array(whole.values) : parts.flatMap(\.values)
    }

    /// In no particular order.
    @inlinable public var keys: [Key] {
        Steps.take(used)
        return parts.isEmpty ? Array(whole.keys) : parts.flatMap(\.keys)
    }

    /// The values of the next part; nil: that was the last. What is there all the time comes once, what comes or goes meanwhile
    /// once or not at all.
    @inlinable public func some(_ cursor: inout PartCursor) -> [Value]? {
        defer { cursor.next += 1 }
        if cursor.next == 0 { cursor.isWhole = parts.isEmpty }
        guard cursor.next < (cursor.isWhole ? 1 : parts.count) else { return nil }
        let part = cursor.isWhole ? whole : parts[cursor.next]
        Steps.take(part.count)
        return Array(part.values)
    }

    /// Takes out the values of a part; none: it is empty.
    @inlinable public mutating func popSome() -> [Value] {
        let place = parts.lastIndex { !$0.isEmpty }
        let part = place.map { parts[$0] } ?? whole
        Steps.take(part.count)
        used -= part.count
        if used == 0 { self = Self() } else if let place { parts[place] = [:] }
        return Array(part.values)
    }

    @inlinable public subscript(key: Key) -> Value? {
        get { parts.isEmpty ? whole[key] : parts[Self.part(of: key)][key] }
        // A value that is large, and changes, is not copied for that.
        _modify {
            if parts.isEmpty {
                defer {
                    used = whole.count
                    if used > Self.mostWhole { divide() } else { Self.shrink(&whole) }
                }
                yield &whole[key]
            } else {
                let part = Self.part(of: key)
                let before = parts[part].count
                defer {
                    used += parts[part].count - before
                    if used == 0 { self = Self() } else { Self.shrink(&parts[part]) }
                }
                yield &parts[part][key]
            }
        }
    }

    @discardableResult
    @inlinable public mutating func removeValue(forKey key: Key) -> Value? {
        let old: Value?
        if parts.isEmpty {
            old = whole.removeValue(forKey: key)
            Self.shrink(&whole)
        } else {
            let part = Self.part(of: key)
            old = parts[part].removeValue(forKey: key)
            Self.shrink(&parts[part])
        }
        if old != nil { used -= 1 }
        if used == 0 { self = Self() }
        return old
    }

    /// Gives room back that isn't needed any more; see ``mostKept``.
    @inlinable static func shrink(_ table: inout [Key: Value]) {
        guard table.capacity > mostKept, table.count < table.capacity / 8 else { return }
        Steps.take(table.count)
        var moved = [Key: Value](minimumCapacity: 2 * table.count)
        for (key, value) in table { moved[key] = value }
        table = moved
    }

    @inlinable mutating func divide() {
        parts = Array(repeating: [:], count: Self.partCount)
        for (key, value) in whole { parts[Self.part(of: key)][key] = value }
        whole = [:]
    }

    /// A part mixes the bits of a hash anew, so that these have no say in where a key stands there.
    @inlinable static func part(of key: Key) -> Int { Int(truncatingIfNeeded: key.hashValue) & (partCount - 1) }
}

/// How far somebody has come who goes over a ``DividedDictionary``, a part at a time.
@frozen public struct PartCursor {
    @usableFromInline var next = 0
    @usableFromInline var isWhole = false

    @inlinable public init() {}
}

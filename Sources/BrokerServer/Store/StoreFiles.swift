/// What the store asks of a file system: numbered segments in one directory. ``DiskFiles`` is the real one; tests put
/// one here that fails when they want it to.
///
/// Only one thread at a time writes. Reading is possible at any time.
package protocol StoreFiles: Sendable {
    /// Where a segment is, for messages.
    func path(of segment: UInt32) -> String
    /// The numbers of all segments, rising.
    func segments() throws(StoreError) -> [UInt32]
    func contents(of segment: UInt32) throws(StoreError) -> [UInt8]
    /// Octets from `offset` on, at most `count`, fewer at the end of the segment; nil when they can't be read.
    func read(_ count: Int, at offset: Int, of segment: UInt32) -> [UInt8]?

    /// Makes an empty segment that survives a crash.
    func create(_ segment: UInt32) throws(StoreError)
    /// Writes as many of the octets as there is room for, at least one, and returns how many that were. Throws
    /// ``StoreError/full(_:)`` when there is no room.
    func write(_ octets: ArraySlice<UInt8>, at offset: Int, of segment: UInt32) throws(StoreError) -> Int
    /// Forces to disk what was written to a segment.
    func sync(_ segment: UInt32) throws(StoreError)
    /// Cuts a segment off, for good: what is left of it is forced to disk.
    func truncate(_ segment: UInt32, to count: Int) throws(StoreError)
    /// Removes a segment, for good.
    func remove(_ segment: UInt32) throws(StoreError)
    /// Octets that can still be written; `Int.max` when nobody knows.
    var freeOctets: Int { get }
    /// Lets others use the directory.
    func close()
}

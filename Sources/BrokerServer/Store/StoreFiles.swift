/// What the store asks of a file system: numbered segments in one directory, and two small files beside them.
/// ``DiskFiles`` is the real one; tests put one here that fails when they want it to.
///
/// Only one thread at a time writes. Reading is possible at any time.
package protocol StoreFiles: Sendable {
    /// The directory, for messages.
    var directory: String { get }
    /// Where a segment is, for messages; 0: the manifest.
    func path(of segment: UInt32) -> String
    /// The numbers of all segments, rising.
    func segments() throws(StoreError) -> [UInt32]
    func contents(of segment: UInt32) throws(StoreError) -> [UInt8]
    /// Octets from `offset` on, at most `count`, fewer at the end of the segment.
    func read(_ count: Int, at offset: Int, of segment: UInt32) throws(StoreError) -> [UInt8]
    /// What the manifest says; nil: there is none.
    func manifest() throws(StoreError) -> [UInt8]?
    /// What the mark says; nil: there is none.
    func mark() throws(StoreError) -> [UInt8]?
    /// Differs from one start of the machine to the next; 0: nobody knows.
    var bootID: UInt64 { get }

    /// Makes an empty segment that survives a crash.
    func create(_ segment: UInt32) throws(StoreError)
    /// Writes as many of the octets as there is room for, at least one, and returns how many that were. Throws
    /// ``StoreError/full(_:)`` when there is no room.
    func write(_ octets: ArraySlice<UInt8>, at offset: Int, of segment: UInt32) throws(StoreError) -> Int
    /// Forces to disk what was written to a segment.
    func sync(_ segment: UInt32) throws(StoreError)
    /// Puts a manifest in the place of the one before, for good: after a crash there is one or the other.
    func replaceManifest(_ octets: [UInt8]) throws(StoreError)
    /// Writes the mark over the one before; `isForced`: for good.
    func writeMark(_ octets: [UInt8], isForced: Bool) throws(StoreError)
    /// Cuts a segment off, for good: what is left of it is forced to disk. `keepingRest`: what was cut off is kept for
    /// good in a file beside, whose name is returned.
    func truncate(_ segment: UInt32, to count: Int, keepingRest: Bool) throws(StoreError) -> String?
    /// Removes a segment, for good.
    func remove(_ segment: UInt32) throws(StoreError)
    /// Octets that can still be written; `Int.max` when nobody knows.
    var freeOctets: Int { get }
    /// Lets others use the directory.
    func close()
}

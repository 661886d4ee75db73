/// Room for the octets of one small delivery, of which the caller knows that they fit.
struct DeliveryOctets {
    private let room: UnsafeMutableRawBufferPointer
    private let channel: UInt16
    private var count = 0

    /// More are written piece by piece. So many stand on the stack.
    static let most = 1024
    /// Of three frames, what is neither a name nor properties nor body.
    static let ofTheRest = 3 * Frame.overhead + 4 + 3 + 8 + 1 + 12

    init(room: UnsafeMutableRawBufferPointer, channel: UInt16) {
        self.room = room
        self.channel = channel
    }

    var written: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: room[..<count]) }

    mutating func begin(_ kind: Frame.Kind, count: Int) {
        integer(kind.rawValue)
        integer(channel)
        integer(UInt32(truncatingIfNeeded: count))
    }

    @inline(__always) mutating func integer(_ value: some FixedWidthInteger) {
        room.storeBytes(of: value.bigEndian, toByteOffset: count, as: type(of: value))
        count += MemoryLayout.size(ofValue: value)
    }

    mutating func shortString(_ value: ShortString) {
        integer(UInt8(truncatingIfNeeded: value.count))
        value.octets.withUnsafeBytes { copy($0) }
    }

    mutating func raw(_ octets: ArraySlice<UInt8>) { octets.withUnsafeBytes { copy($0) } }

    @inline(__always) private mutating func copy(_ octets: UnsafeRawBufferPointer) {
        UnsafeMutableRawBufferPointer(rebasing: room[count...]).copyMemory(from: octets)
        count += octets.count
    }
}

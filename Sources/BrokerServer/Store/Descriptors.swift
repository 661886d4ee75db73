import Platform
import Synchronization

/// Opens and closes files, also when clients have taken all the descriptors that the process or the machine may have:
/// for that a few are kept in reserve. When these are gone too, it waits until somebody closes one. A store that is short
/// of descriptors is neither damaged nor at its end.
final class Descriptors: Sendable {
    private let spare = Mutex<[Int32]>([])
    private static let spareCount = 4
    /// Microseconds between two attempts.
    private static let pause: UInt32 = 10_000

    private let openFile: @Sendable (_ path: String, _ flags: Int32) -> Int32

    /// A test opens files in its own way.
    init(open: @escaping @Sendable (_ path: String, _ flags: Int32) -> Int32 = { Descriptors.open($0, $1) }) {
        openFile = open
        refill()
    }

    deinit { spare.withLock { for file in $0 { Self.close(file) } } }

    /// -1: it can't be opened, and `errno` says why.
    func open(_ path: String, _ flags: Int32) -> Int32 {
        while true {
            let file = openFile(path, flags)
            if file >= 0 {
                refill()
                return file
            }
            guard errno == EMFILE || errno == ENFILE else { return -1 }
            let mine = spare.withLock { $0.popLast() }
            if let mine { Self.close(mine) } else { usleep(Self.pause) }
        }
    }

    private func refill() {
        spare.withLock { spare in
            while spare.count < Self.spareCount {
                let file = openFile("/dev/null", O_RDONLY)
                if file < 0 { return }
                spare.append(file)
            }
        }
    }

    static func open(_ path: String, _ flags: Int32) -> Int32 {
        while true {
            let file = Platform.open(path, flags | O_CLOEXEC, 0o600)
            if file >= 0 || errno != EINTR { return file }
        }
    }

    static func close(_ file: Int32) {
        guard file >= 0 else { return }
        _ = Platform.close(file)
    }

    /// Octets from `offset` on, fewer at the end of the file; nil: they can't be read, and `errno` says why.
    static func read(_ count: Int, at offset: Int, from file: Int32) -> [UInt8]? {
        ReadAttempts.read(count, at: offset) { part, offset in
            while true {
                let count = pread(file, part.baseAddress, part.count, off_t(offset))
                if count >= 0 { return count }
                if errno != EINTR { return nil }
            }
        }
    }

    /// False: not all could be written, and `errno` says why.
    static func write(_ octets: [UInt8], at offset: Int, to file: Int32) -> Bool {
        var written = 0
        while written < octets.count {
            let count = octets[written...].withUnsafeBytes {
                pwrite(file, $0.baseAddress, $0.count, off_t(offset + written))
            }
            if count <= 0, errno != EINTR { return false }
            written += max(0, count)
        }
        return true
    }
}

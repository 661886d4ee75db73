/// What stands beside the segments in a store's directory.
public struct StoreBeside: Sendable {
    /// The octets of the manifest; nil: there is none, as in a directory of version 1.
    public var manifest: [UInt8]?
    /// The octets of the mark; nil: there is none.
    public var mark: [UInt8]?
    /// Differs from one start of the machine to the next; 0: nobody knows.
    public var bootID: UInt64

    public init(manifest: [UInt8]?, mark: [UInt8]?, bootID: UInt64) {
        (self.manifest, self.mark, self.bootID) = (manifest, mark, bootID)
    }
}

/// How much is known of where the newest segment ended.
enum StoreEnd: Equatable {
    /// A directory of version 1, or a new one.
    case unmarked
    /// This is where it ended: nobody was told of anything behind it.
    case exact(SyncedMark)
    /// This much was on disk, and perhaps more: the machine was started anew without the broker having ended.
    case atLeast(SyncedMark)
    case missing, damaged

    init(_ beside: StoreBeside) {
        guard let octets = beside.mark else {
            self = beside.manifest == nil ? .unmarked : .missing
            return
        }
        guard let mark = SyncedMark(octets) else {
            self = .damaged
            return
        }
        let isSameStart = mark.bootID != 0 && mark.bootID == beside.bootID
        self = mark.isClean || isSameStart ? .exact(mark) : .atLeast(mark)
    }

    var mark: SyncedMark? {
        switch self {
        case .exact(let mark), .atLeast(let mark): mark
        case .unmarked, .missing, .damaged: nil
        }
    }

    var isExact: Bool { if case .exact = self { true } else { false } }
}

// What is to stand beside the segments from now on.
extension StoreRecovery {
    /// The manifest of what was found, for a directory that has none.
    public var foundManifest: [UInt8] { journal.foundManifest.octets }

    /// What is known now that all of this is on disk. `bootID` differs from one start of the machine to the next.
    public func mark(bootID: UInt64) -> SyncedMark {
        var mark = SyncedMark(bootID: bootID)
        guard let sealed = journal.foundEnd else { return mark }
        (mark.segment, mark.salt, mark.offset) = (newest, sealed.salt, sealed.count)
        return mark
    }

    /// What can't be known of a log that looks whole, because the mark that would tell is not what it should be; nil:
    /// it is.
    public var doubt: String? {
        switch end {
        case .unmarked, .exact: return nil
        case .missing: return "the mark that says where the log ends is missing"
        case .damaged: return "the mark that says where the log ends is damaged"
        case .atLeast(let mark):
            guard journal.foundEnd != nil else { return nil }
            return "the machine stopped without the broker having ended; this much of the log is known to be complete: "
                + "the first \(mark.offset) octets of segment \(mark.segment)"
        }
    }
}

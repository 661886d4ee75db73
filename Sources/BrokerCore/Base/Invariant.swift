// What can't happen. In tests, in the simulation and under the fuzzer it ends the process, so that it is found; in the
// broker that people run it costs one connection, with 541 and a line in the log, and not everybody's.

public enum BrokenInvariant {
    #if DEBUG || INVARIANTS_TRAP
        /// Whether it ends the process: by default in debug builds, and where `INVARIANTS_TRAP` is defined. The broker's
        /// program, which learners run as a debug build, turns it off. Not to be set once there is a second thread.
        public nonisolated(unsafe) static var endsTheProcess = true
    #else
        /// Whether it ends the process: by default in debug builds, and where `INVARIANTS_TRAP` is defined.
        public nonisolated(unsafe) static var endsTheProcess = false
    #endif
}

extension BrokerError {
    /// The refusal that comes of a broken invariant, unless that ends the process.
    static func broken(_ what: String, file: StaticString = #fileID, line: UInt = #line) -> BrokerError {
        if BrokenInvariant.endsTheProcess { fatalError("an invariant is broken: \(what)", file: file, line: line) }
        return BrokerError(.internalError, "an invariant of the broker is broken (\(file):\(line)): \(what)")
    }
}

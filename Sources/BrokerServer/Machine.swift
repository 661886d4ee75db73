import Platform

/// What the broker runs on.
public enum Machine {
    /// Octets of memory; nil when the system doesn't say.
    public static var memory: Int? {
        let (pages, size) = (sysconf(Int32(_SC_PHYS_PAGES)), sysconf(Int32(_SC_PAGESIZE)))
        let (octets, overflow) = pages.multipliedReportingOverflow(by: size)
        return pages > 0 && size > 0 && !overflow ? octets : nil
    }

    /// How many descriptors this process may have open.
    public static var descriptorLimit: Int { Int(clamping: limits.rlim_cur) }

    /// Raises that to the most that the system lets it be raised to. Returns what it was.
    @discardableResult
    public static func raiseDescriptorLimit() -> Int {
        var limits = limits
        let before = Int(clamping: limits.rlim_cur)
        limits.rlim_cur = limits.rlim_max
        #if canImport(Darwin)
            // More than this is refused, whatever the hard limit says.
            limits.rlim_cur = min(limits.rlim_cur, rlim_t(OPEN_MAX))
        #endif
        _ = setrlimit(descriptors, &limits)
        return before
    }

    /// Has the kernel make its table of this process's descriptors as large as they may need it (up to 65,536 of them). It
    /// doubles otherwise, and on Linux a process with several threads waits for that 10 to 30 ms each time, in the middle of
    /// accepting a connection. To be called before there are any threads.
    public static func reserveDescriptorTable() {
        let file = open("/dev/null", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        let highest = fcntl(file, F_DUPFD_CLOEXEC, Int32(min(descriptorLimit, 65_536) - 1))
        if highest >= 0 { close(highest) }
        close(file)
    }

    /// How many connections there may be: of the descriptors some are held in reserve, for the store's files, the log and
    /// the clients of the listing API.
    public static var mostConnections: Int {
        let limit = descriptorLimit
        return max(limit - 256, limit / 2)
    }

    private static var limits: rlimit {
        var limits = rlimit()
        _ = getrlimit(descriptors, &limits)
        return limits
    }

    #if canImport(Glibc)
        private static let descriptors = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #else
        private static let descriptors = RLIMIT_NOFILE
    #endif
}

/// How long a check waits, in the programs' own time: `FairTime`. Only what never comes is waited for so long.
struct Pace: Sendable {
    /// For a program to connect, and to consume or publish: some are compiled first.
    var begin = Duration.seconds(20)
    /// For all that comes after its first deed.
    var whole = Duration.seconds(20)
    /// For a reaction that always comes.
    var answer = Duration.seconds(5)
    /// For something that comes at once or never.
    var moment = Duration.milliseconds(300)
    /// For a publisher to lose its patience with a broker that does not confirm.
    var hold = Duration.milliseconds(1500)
    /// How long the work for a dot takes at most (chapter 2), and at least, in milliseconds: what takes less was not done.
    var longestDot = Duration.seconds(1)
    var shortestDot: Int64 = 400
    /// How long a program lets a failed job wait at least if it sleeps meanwhile (chapter 9), in milliseconds.
    var shortestSleep: Int64 = 500
    /// How long a failed job must lie in its waiting room at least (chapter 9), in milliseconds. What failed is not mended
    /// in less, and who takes milliseconds for seconds writes 60 for a minute at most.
    var shortestRest: Int64 = 100
    /// For a program that should give up waiting by itself.
    var givesUp = Duration.seconds(12)
    /// For a program that goes on publishing.
    var endless = Duration.seconds(12)
    /// By the clock, what the machine may take from the programs in all: beyond that nothing follows.
    var hopeless = Duration.seconds(120)
}

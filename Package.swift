// swift-tools-version: 6.2
import PackageDescription

/// The settings of every target: warnings are errors only in CI (`-Xswiftc -warnings-as-errors`), so that a learner's
/// experiment with an unused variable still runs.
let settings: [SwiftSetting] = [.enableUpcomingFeature("ExistentialAny")]

/// Of what a message passes through in the broker. Debug builds, and so all tests, check that no access to a variable
/// overlaps another; to check it again for each message of a release build takes a sixth of the broker's time.
let settingsOfTheBroker = settings + [.unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))]

func module(
    _ name: String, uses dependencies: [Target.Dependency] = [], with settings: [SwiftSetting] = settings
) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func program(_ name: String, uses dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(_ name: String, uses dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: settings)
}

let steps = [
    "hello", "worker", "pubsub", "routing", "topic", "rpc", "confirms", "headers", "retry", "quorum", "stream", "order",
    "inbox",
]

let package = Package(
    name: "messaging-patterns",
    platforms: [.macOS(.v15)],
    // What other packages use: applications and their tests, and a reader's own (`workbook start`).
    products: [
        .library(name: "AMQPClient", targets: ["AMQPClient"]),
        .library(name: "BrokerTesting", targets: ["BrokerTesting"]),
        .library(name: "TutorialKit", targets: ["TutorialKit"]),
    ],
    // No package dependencies, on purpose: Sources/README.md says why.
    targets: [
        // The system's C library, and the command lines of all programs.
        module("Platform"),
        module("Commands", uses: ["Platform", "AMQPWire"]),

        // What the library has no counterpart of.
        module("DataStructures", with: settingsOfTheBroker),
        module("SeededGenerator"),

        // The wire and what carries it.
        .target(name: "AMQPWire", exclude: ["Methods/methods.txt"], swiftSettings: settingsOfTheBroker),
        module(
            "AMQPTransport",
            uses: ["DataStructures", "Platform", .target(name: "CEpoll", condition: .when(platforms: [.linux]))],
            with: settingsOfTheBroker),
        // Not a package, not our code: the name under which Swift finds the system's <sys/epoll.h>.
        .systemLibrary(name: "CEpoll"),

        // The system's OpenSSL, found at run time: nothing to install for a build, nothing linked.
        module("AMQPTLS", uses: ["AMQPTransport", "Platform"]),

        // What a program starts ends with it.
        module("Lifeline", uses: ["Platform"]),

        // What stands between a client and a broker, and shows, cuts, holds or changes what passes.
        module("Interceptor", uses: ["AMQPTransport", "AMQPWire"]),

        // The broker: what it decides, and what keeps it running.
        module("BrokerCore", uses: ["AMQPWire", "DataStructures"], with: settingsOfTheBroker),
        module(
            "BrokerServer", uses: ["BrokerCore", "AMQPWire", "AMQPTLS", "AMQPTransport", "Platform"],
            with: settingsOfTheBroker),
        program("broker", uses: ["BrokerServer", "BrokerCore", "AMQPTLS", "AMQPTransport", "Commands", "Platform"]),

        // The client, and the steps built on it.
        module("AMQPClient", uses: ["AMQPWire", "AMQPTLS", "AMQPTransport", "DataStructures"]),
        // A broker for the tests of whatever uses one.
        module(
            "BrokerTesting",
            uses: ["AMQPClient", "AMQPTransport", "AMQPWire", "BrokerCore", "BrokerServer", "Interceptor"]),
        module("TutorialKit", uses: ["AMQPClient", "BrokerServer", "Commands", "Platform"]),

        // The measurements: the only program that knows a broker from the outside alone, and so measures any.
        program("bench", uses: ["AMQPClient", "AMQPTLS", "AMQPWire", "Commands", "Platform"]),

        // No part of the product: what Scripts/crash runs.
        .executableTarget(
            name: "crash-test", dependencies: ["AMQPClient", "Commands", "Lifeline", "SeededGenerator"],
            path: "Tests/CrashTest",
            swiftSettings: settings),

        // The same for Scripts/cuts; AMQPClientTests runs some of it too.
        .target(
            name: "Cuts", dependencies: ["AMQPClient", "AMQPTransport", "AMQPWire", "Interceptor", "SeededGenerator"],
            path: "Tests/Cuts",
            swiftSettings: settings),
        .executableTarget(
            name: "cut-test", dependencies: ["AMQPClient", "AMQPTransport", "Commands", "Cuts"], path: "Tests/CutTest",
            swiftSettings: settings),

        // No part of the product: the exercises' solutions, which the tests run.
        .executableTarget(
            name: "solutions", dependencies: ["TutorialKit"], path: "Tests/Solutions", swiftSettings: settings),
        // The right and wrong programs that `workbook check` is tested with.
        .executableTarget(
            name: "subject", dependencies: ["AMQPClient", "Commands", "Platform"], path: "Tests/Subjects",
            exclude: ["expected.tsv", "gauntlet.tsv", "go.tsv", "php.tsv", "ruby.tsv"],
            swiftSettings: settings),
        // The same for Scripts/simulate; BrokerServerTests runs some of it too.
        .target(
            name: "Simulation", dependencies: ["BrokerServer", "BrokerCore", "AMQPWire", "SeededGenerator"],
            path: "Tests/Simulation",
            swiftSettings: settings),
        .executableTarget(
            name: "simulate", dependencies: ["Simulation", "Commands", "Platform"], path: "Tests/Simulate",
            swiftSettings: settings),

        // What test targets share, and the programs among the tests.
        .target(
            name: "TestSupport",
            dependencies: ["AMQPClient", "AMQPTLS", "AMQPTransport", "BrokerCore", "Lifeline", "SeededGenerator"],
            path: "Tests/TestSupport",
            swiftSettings: settings),

        tests("AMQPWireTests", uses: ["AMQPWire", "Platform", "TestSupport"]),
        tests("CommandsTests", uses: ["Commands"]),
        tests(
            "InterceptorTests",
            uses: ["Interceptor", "AMQPWire", "AMQPTransport", "BrokerServer", "AMQPClient", "TestSupport"]),
        tests("AMQPTransportTests", uses: ["AMQPTransport", "AMQPTLS", "SeededGenerator", "TestSupport"]),
        tests(
            "AMQPTLSTests",
            uses: ["AMQPTLS", "AMQPTransport", "AMQPClient", "BrokerCore", "BrokerServer", "TestSupport"]),
        tests("BrokerCoreTests", uses: ["BrokerCore", "AMQPWire", "DataStructures", "TestSupport"]),
        tests(
            "BrokerServerTests",
            uses: [
                "BrokerServer", "BrokerCore", "AMQPWire", "AMQPTransport", "AMQPClient", "Simulation", "TestSupport",
            ]),
        tests("BrokerCommandTests", uses: ["broker", "BrokerCore", "BrokerServer", "Commands", "TestSupport"]),
        tests(
            "AMQPClientTests",
            uses: [
                "AMQPClient", "AMQPWire", "AMQPTransport", "BrokerCore", "BrokerServer", "Cuts", "DataStructures",
                "TestSupport",
            ]),
        tests("BrokerTestingTests", uses: ["BrokerTesting", "AMQPClient", "TestSupport"]),
        // The conformance suite, what makes a report of its results, and the program that runs it. The cases are tests in
        // a library: `swift test` finds them because ConformanceSuiteTests links it.
        .target(
            name: "ConformanceSuite",
            dependencies: [
                "AMQPClient", "AMQPTransport", "AMQPWire", "BrokerCore", "BrokerServer", "ConformanceReport",
                "Interceptor", "Platform", "SeededGenerator",
            ],
            exclude: ["Baselines", "Catalogue", "README.md"], swiftSettings: settings),
        program("conformance", uses: ["ConformanceSuite", "ConformanceReport", "AMQPClient", "Commands", "Platform"]),
        module("ConformanceReport"),
        module("WorkbookSite"),
        program(
            "workbook",
            uses: [
                "ConformanceReport", "WorkbookSite", "AMQPClient", "AMQPTransport", "AMQPWire", "BrokerCore",
                "BrokerServer", "BrokerTesting", "Commands", "Interceptor", "Lifeline", "Platform",
            ]),
        tests("WorkbookSiteTests", uses: ["WorkbookSite", "SeededGenerator"]),
        // The tree itself: folders, imports, and what Sources/README.md says of them.
        tests("ProjectTests", uses: ["TestSupport"]),
        tests("ConformanceReportTests", uses: ["ConformanceReport"]),
        tests(
            "ConformanceSuiteTests",
            uses: [
                "conformance", "ConformanceSuite", "AMQPClient", "AMQPTransport", "AMQPWire", "BrokerCore",
                "BrokerServer", "Commands", "ConformanceReport", "Interceptor", "Platform", "TestSupport",
            ]),
        tests(
            "TutorialTests",
            uses: steps.map { .target(name: $0) } + [
                "broker", "workbook", "subject", "solutions", "TutorialKit", "AMQPClient", "AMQPTransport", "AMQPWire",
                "Interceptor", "WorkbookSite", "Platform", "BrokerCore", "BrokerServer", "TestSupport",
            ]),
    ] + steps.map { program($0, uses: ["TutorialKit"]) },
    swiftLanguageModes: [.v6]
)

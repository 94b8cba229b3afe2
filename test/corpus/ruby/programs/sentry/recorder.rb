# Makes a Ruby program have Sentry built in: the event of what ends it goes to the file that SENTRY_EVENTS names.
require "json"
require "sentry-ruby"

Sentry.init do |config|
  config.dsn = "http://key@127.0.0.1:1/1"
  config.transport.transport_class = Sentry::DummyTransport
  config.background_worker_threads = 0
  config.auto_session_tracking = false
  config.logger = Logger.new(File::NULL)
end

# A recursion without end is ten thousand frames.
def (sentry_frames = Object.new).shortened(frames)
  frames.size <= 60 ? frames : frames.first(5) + frames.last(5)
end

at_exit do
  next if $!.nil? || $!.is_a?(SystemExit)

  values = Sentry.get_current_client.event_from_exception($!).to_hash.dig(:exception, :values)
  told = values.map do |value|
    frames = value.dig(:stacktrace, :frames) || []
    {
      **value.slice(:type, :module, :value),
      frames: sentry_frames.shortened(frames).map do |frame|
        frame.slice(:function, :module, :filename, :abs_path, :lineno, :context_line, :in_app)
      end,
    }
  end
  File.write(ENV.fetch("SENTRY_EVENTS"), JSON.pretty_generate([{ exceptions: told }]) + "\n")
end

/** One listener's fault must not cost the others the news. @param {() => void} call */
export function safely(call) {
  try {
    call();
  } catch (error) {
    reportError(error);
  }
}
